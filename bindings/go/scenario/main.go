// Command scenario is the common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has
// what it prints.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	"machineid.io/go/machineid"
)

const (
	device = "worker:prod:queue-consumer:07"
	orgKey = "org_bindings"
)

var background = context.Background()

func main() {
	fmt.Println("version", machineid.Version())
	client := need(machineid.FromEnv())
	devices(client)
	neverRegistered(client)
	many(client)
	guards(client)
	need(client.Remove(background, device))
	fmt.Println("remove: MID_OK")
	_, err := client.Remove(background, device)
	refusal := failure(err)
	fmt.Println("remove again:", refusal.Status, refusal.Code, id(refusal.RequestID))
	refused(client)
	failures()
	cancels()
}

func devices(client *machineid.Client) {
	fmt.Println("register: MID_OK status=" + need(client.Register(background, device)).String("status"))
	fmt.Println("register again: MID_OK status=" + need(client.Register(background, device)).String("status"))
	tell(client)
	if allowed, err := client.Validate(background, device); allowed {
		fmt.Println("work: one unit done")
	} else {
		fmt.Println(err)
	}
	allowed := make(chan int)
	for i := 0; i < 8; i++ {
		go func() {
			count := 0
			for j := 0; j < 4; j++ {
				count += digit(client.Allows(background, device))
			}
			allowed <- count
		}()
	}
	sum := 0
	for i := 0; i < 8; i++ {
		sum += <-allowed
	}
	fmt.Printf("threads: %d of 32 allowed\n", sum)

	need(client.Revoke(background, device))
	fmt.Println("revoke: MID_OK")
	tell(client)
	fmt.Println("register revoked: MID_OK status=" + need(client.Register(background, device)).String("status"))
	need(client.Unrevoke(background, device))
	fmt.Println("unrevoke: MID_OK")
	tell(client)
	need(client.Restore(background, device))
	fmt.Println("restore: MID_OK")
	list, _ := need(client.ListDevices(background))["devices"].([]any)
	fmt.Printf("list: MID_OK %d device\n", len(list))
	fmt.Println("usage: MID_OK planTier=" + need(client.Usage(background)).String("planTier"))
	fmt.Println("umlaut device:", decided(client.Validate(background, "wörker:prod:07")))
}

// neverRegistered asks about a device that was never registered, in the conditions that a programmer is likely to write
// first.
func neverRegistered(client *machineid.Client) {
	var done []string
	if client.Allows(background, "never") {
		done = append(done, "Allows")
	}
	if allowed, _ := client.Validate(background, "never"); allowed {
		done = append(done, "allowed")
	}
	_, err := client.Validate(background, "never")
	if err == nil {
		done = append(done, "err")
	}
	if decision, err := client.Decide(background, "never"); decision.Allowed || err == nil {
		done = append(done, "Decide")
	}
	fmt.Println("never registered:", nothing(done))
	denial := failure(err)
	fmt.Println("never registered:", denial.Status, denial.Code, id(denial.RequestID))
}

func many(client *machineid.Client) {
	results, _ := client.ValidateMany(background, []string{device, "never", "", device})
	var allowed, codes []string
	for _, result := range results {
		allowed = append(allowed, fmt.Sprint(digit(result.Allowed)))
		code := result.Code
		if result.Err != nil {
			code = failure(result.Err).Code
		}
		codes = append(codes, code)
	}
	fmt.Println("many:", strings.Join(allowed, " "))
	fmt.Println("many:", strings.Join(codes, " "))
	none, err := client.ValidateMany(background, nil)
	fmt.Printf("many: none asked, %d decisions\n", len(none))
	var done []string
	if err == nil {
		done = append(done, "none")
	}
	if _, err := client.ValidateMany(background, []string{device, "never"}); err == nil {
		done = append(done, "err")
	}
	fmt.Println("many, one never registered:", nothing(done))
}

func guards(client *machineid.Client) {
	interval := 200 * time.Millisecond
	guard := need(client.Guard(background, device, machineid.WithInterval(interval)))
	fmt.Println("guard:", on(guard.Allowed()))
	outage(`{"httpStatus":503}`)
	soon, cancel := context.WithTimeout(background, 30*time.Second)
	defer cancel()
	_ = guard.WaitUntilOff(soon)
	known := need(guard.Decision())
	fmt.Printf("guard: %s in an outage, %s\n", known.State, known.Failure.Code())
	outage("{}")
	for !guard.Allowed() && soon.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println("guard:", on(guard.Allowed()), "again after it")

	begin := time.Now()
	need(client.Revoke(background, device))
	<-guard.Context().Done()
	took := time.Since(begin)
	slack, _ := time.ParseDuration(os.Getenv("CHECK_SLACK_MS") + "ms")
	when := "within its interval"
	if took > interval+interval/10+time.Second+slack {
		when = "after " + took.String()
	}
	denial := failure(guard.Err())
	fmt.Printf("guard: %s %s, %s %s\n", need(guard.Decision()).State, when, denial.Code, id(denial.RequestID))
	need(client.Unrevoke(background, device))
	if !client.Allows(background, device) {
		log.Fatal("not allowed after unrevoke")
	}
	fmt.Printf("guard: still %s after unrevoke\n", need(guard.Decision()).State)
	guard.Stop()
	stopped := need(client.Guard(background, device))
	stopped.Stop()
	fmt.Println("guard, stopped:", on(stopped.Allowed()))
	var done []string
	never, err := client.Guard(background, "never")
	if err == nil {
		done = append(done, "err")
	}
	for never.Allowed() {
		done = append(done, "for")
		break
	}
	fmt.Println("guard, never registered:", nothing(done))
}

func refused(client *machineid.Client) {
	_, err := machineid.FromEnv(machineid.WithTimeout(0))
	wrong := failure(err)
	named := wrong.Message
	if strings.Contains(named, "timeout_ms") {
		named = "timeout_ms"
	}
	fmt.Println("wrong option:", wrong.Status, wrong.Code, named)
	_, err = client.Validate(background, "")
	fmt.Println("no device:", failure(err).Status, failure(err).Code)
	for _, step := range [][2]string{{"NUL", "a\x00b"}, {"surrogate", "w\xed\xa0\x80"}} {
		_, err := client.Validate(background, step[1])
		said := err.Error()
		if errors.Is(err, machineid.ErrInvalidArgument) && strings.Contains(said, "deviceID") {
			said = "an argument error that names it"
		}
		fmt.Printf("%s: %s\n", step[0], said)
	}
	// A string is never nil and no number: the compiler refuses both.
	fmt.Println("null: an argument error that names it")
	fmt.Println("number: an argument error that names it")
	said := ""
	for _, key := range []string{"org_marker", "org_marker\x00", "org_marker\xed\xa0\x80", "org_marker\n\x7f"} {
		client, err := machineid.New(key)
		said += fmt.Sprintf("%v %+v %#v %v %+v %#v", client, client, client, err, err, err)
		if (err == nil) != (key == "org_marker") {
			said += "accepted: marker"
		}
	}
	if !strings.Contains(said, "marker") {
		said = "refused, and not shown"
	}
	fmt.Println("secret:", said)
	_ = client.Close()
	if _, err := client.Validate(background, device); errors.Is(err, machineid.ErrClosed) &&
		errors.Is(err, machineid.ErrInvalidArgument) {
		fmt.Println("closed: an argument error that says so")
	}
}

func failures() {
	// The reply holds unusual numbers. Its answer counts all the same.
	odd := need(machineid.New(orgKey, machineid.WithBaseURL(os.Getenv("MACHINEID_ODD_URL"))))
	fmt.Println("odd numbers:", decided(odd.Validate(background, device)))
	// An outage is neither an answer nor a refusal: the next call may bring an answer.
	url := os.Getenv("MACHINEID_BASE_URL")
	out := need(machineid.New("org_outage", machineid.WithBaseURL(url), machineid.WithMaxRetries(0)))
	fmt.Println("outage:", failed(out.Validate(background, device)))
	fmt.Println("outlived:", decided(out.Validate(background, device)))
	unreachable := need(machineid.New(orgKey, machineid.WithBaseURL("http://127.0.0.1:1"), machineid.WithMaxRetries(0)))
	fmt.Println("unreachable:", failed(unreachable.Validate(background, device)))
	silent := os.Getenv("MACHINEID_SILENT_URL")
	slow := need(machineid.New(orgKey, machineid.WithBaseURL(silent), machineid.WithTimeout(50*time.Millisecond)))
	fmt.Println("timeout:", failed(slow.Validate(background, device)))
}

func cancels() {
	client := need(machineid.FromEnv())
	need(client.Register(background, device))
	guard := need(client.Guard(background, device))
	silent := os.Getenv("MACHINEID_SILENT_URL")
	waiting := need(machineid.New(orgKey, machineid.WithBaseURL(silent), machineid.WithTimeout(time.Minute)))
	said := make(chan string)
	go func() { said <- decided(waiting.Validate(background, device)) }()
	// It is most probably in flight after this; a call to come would be cancelled too.
	time.Sleep(200 * time.Millisecond)
	waiting.Cancel()
	fmt.Println("cancel: a call in flight", <-said)
	client.Cancel()
	fmt.Println("cancel: a call to come", decided(client.Validate(background, device)))
	<-guard.Context().Done()
	fmt.Println("cancel: a guard has", need(guard.Decision()).State)
}

func tell(client *machineid.Client) {
	decision, err := client.Decide(background, device)
	line := "validate: " + decided(decision.Allowed, err) + " code=" + decision.Code
	if !decision.Allowed {
		line += " " + id(decision.RequestID)
	}
	fmt.Println(line)
}

func decided(allowed bool, err error) string {
	status := machineid.OK
	if err != nil {
		status = failure(err).Status
	}
	return fmt.Sprintf("%v allowed=%d", status, digit(allowed))
}

func failed(allowed bool, err error) string { return decided(allowed, err) + " " + failure(err).Code }

// outage tells the emulator to begin or to end one.
func outage(body string) {
	if err := exec.Command("ask", "/emulator/outage", body).Run(); err != nil {
		log.Fatal(err)
	}
}

func need[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func failure(err error) *machineid.Error {
	var failure *machineid.Error
	if !errors.As(err, &failure) {
		log.Fatal("no error of the package: ", err)
	}
	return failure
}

func id(requestID string) string { return fmt.Sprintf("request_id=%d characters", len(requestID)) }

func nothing(done []string) string {
	if len(done) == 0 {
		return "nothing done"
	}
	return strings.Join(done, ", ")
}

func on(isOn bool) string {
	if isOn {
		return "on"
	}
	return "off"
}

func digit(allowed bool) int {
	if allowed {
		return 1
	}
	return 0
}
