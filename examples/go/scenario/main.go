// Command scenario runs every operation of the package machineid, and the ways in which they fail.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"machineid.io/go/machineid"
)

const device = "worker:prod:queue-consumer:07"

func main() {
	if err := scenario(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func scenario() error {
	fmt.Println("version", machineid.Version())
	client, err := machineid.NewClientFromEnv(nil)
	if err != nil {
		return err
	}
	defer client.Close()

	reply, err := client.Register(device)
	fmt.Printf("register: %v status=%v\n", status(err), reply["status"])
	reply, err = client.Register(device)
	fmt.Printf("register again: %v status=%v\n", status(err), reply["status"])

	decision := client.Validate(device)
	fmt.Printf("validate: %v allowed=%d code=%s\n", decision.Status, digit(decision.Allowed), decision.Code)
	if client.Allows(device) {
		fmt.Println("work: one unit done")
	}
	fmt.Printf("threads: %d of 32 allowed\n", validateInParallel(client))

	_, err = client.Revoke(device)
	fmt.Printf("revoke: %v\n", status(err))
	decision = client.Validate(device)
	fmt.Printf("validate: %v allowed=%d code=%s request_id=%d characters\n",
		decision.Status, digit(decision.Allowed), decision.Code, len(decision.RequestID))
	reply, err = client.Register(device)
	fmt.Printf("register revoked: %v status=%v\n", status(err), reply["status"])
	_, err = client.Unrevoke(device)
	fmt.Printf("unrevoke: %v\n", status(err))
	decision = client.Validate(device)
	fmt.Printf("validate: %v allowed=%d code=%s\n", decision.Status, digit(decision.Allowed), decision.Code)
	_, err = client.Restore(device)
	fmt.Printf("restore: %v\n", status(err))

	reply, err = client.ListDevices()
	devices, _ := reply["devices"].([]any)
	fmt.Printf("list: %v %d device\n", status(err), len(devices))
	reply, err = client.Usage()
	fmt.Printf("usage: %v planTier=%v\n", status(err), reply["planTier"])
	decision = client.Validate("wörker:prod:07")
	fmt.Printf("umlaut device: %v allowed=%d\n", decision.Status, digit(decision.Allowed))
	neverRegistered(client)
	_, err = client.Remove(device)
	fmt.Printf("remove: %v\n", status(err))
	_, err = client.Remove(device)
	var failure *machineid.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("removed again: %w", err)
	}
	fmt.Printf("remove again: %v %s request_id=%d characters\n", failure.Status, failure.Code, len(failure.RequestID))

	_, err = machineid.NewClientFromEnv(machineid.Options{"timeout": 1})
	if !errors.As(err, &failure) {
		return fmt.Errorf("a wrong option: %w", err)
	}
	named := failure.Message
	if strings.Contains(named, "timeout") {
		named = "timeout"
	}
	fmt.Printf("wrong option: %v %s %s\n", failure.Status, failure.Code, named)
	decision = client.Validate("")
	fmt.Printf("no device: %v %s\n", decision.Status, decision.Code)
	refused("NUL", client, "a\x00b")
	refused("surrogate", client, "w\xed\xa0\x80")
	secret()

	// The reply holds unusual numbers. Its answer counts all the same.
	odd, err := machineid.NewClient("org_runtimes", machineid.Options{"base_url": os.Getenv("MACHINEID_ODD_URL")})
	if err != nil {
		return err
	}
	defer odd.Close()
	decision = odd.Validate(device)
	fmt.Printf("odd numbers: %v allowed=%d\n", decision.Status, digit(decision.Allowed))

	// An outage is neither an answer nor a refusal: the next call may bring an answer.
	out, err := machineid.NewClient("org_outage",
		machineid.Options{"base_url": os.Getenv("MACHINEID_OUTAGE_URL"), "max_retries": 0})
	if err != nil {
		return err
	}
	defer out.Close()
	decision = out.Validate(device)
	fmt.Printf("outage: %v allowed=%d %s\n", decision.Status, digit(decision.Allowed), decision.Code)
	decision = out.Validate(device)
	fmt.Printf("outlived: %v allowed=%d\n", decision.Status, digit(decision.Allowed))

	unreachable, err := machineid.NewClient("org_runtimes",
		machineid.Options{"base_url": "http://127.0.0.1:1", "max_retries": 0})
	if err != nil {
		return err
	}
	defer unreachable.Close()
	decision = unreachable.Validate(device)
	fmt.Printf("unreachable: %v allowed=%d %s\n", decision.Status, digit(decision.Allowed), decision.Code)
	unreachable.Cancel()
	decision = unreachable.Validate(device)
	fmt.Printf("cancelled: %v allowed=%d\n", decision.Status, digit(decision.Allowed))
	unreachable.Close()
	if decision = unreachable.Validate(device); decision.Status != machineid.InvalidArgument || decision.Allowed {
		return fmt.Errorf("a call on a closed client: %v", decision)
	}
	return nil
}

// neverRegistered asks about a device that was never registered, in the conditions that a programmer is likely to write
// first; none may let it work. Conditions that must not compile are in Tests/bindings/misuse.
func neverRegistered(client *machineid.Client) {
	var done []string
	if client.Allows("never") {
		done = append(done, "Allows")
	}
	if client.Validate("never").Allowed {
		done = append(done, "Allowed")
	}
	err := client.Require("never")
	if err == nil {
		done = append(done, "Require")
	}
	if len(done) == 0 {
		done = []string{"nothing done"}
	}
	fmt.Println("never registered:", strings.Join(done, ", "))
	var failure *machineid.Error
	if errors.As(err, &failure) {
		fmt.Printf("never registered: %v %s request_id=%d characters\n",
			failure.Status, failure.Code, len(failure.RequestID))
	}
}

// refused gives a bad argument, and says whether the error names it.
func refused(step string, client *machineid.Client, id string) {
	decision := client.Validate(id)
	said := decision.Message
	if decision.Status == machineid.InvalidArgument && strings.Contains(said, "deviceID") {
		said = "an argument error that names it"
	}
	fmt.Printf("%s: %s\n", step, said)
}

// secret gives a key that cannot be sent; the error must not show it.
func secret() {
	said := "refused, and not shown"
	for _, key := range []string{"org_marker\x00", "org_marker\xed\xa0\x80"} {
		_, err := machineid.NewClient(key, nil)
		if err == nil || strings.Contains(fmt.Sprintf("%v %#v", err, err), "marker") {
			said = fmt.Sprint("shown: ", err)
		}
	}
	fmt.Println("secret:", said)
}

// validateInParallel has 8 goroutines validate 4 times each, and counts what is allowed.
func validateInParallel(client *machineid.Client) int {
	allowed := make(chan int)
	for i := 0; i < 8; i++ {
		go func() {
			count := 0
			for j := 0; j < 4; j++ {
				count += digit(client.Allows(device))
			}
			allowed <- count
		}()
	}
	sum := 0
	for i := 0; i < 8; i++ {
		sum += <-allowed
	}
	return sum
}

// status returns the name of the status of a call that returned this error.
func status(err error) string {
	var failure *machineid.Error
	switch {
	case err == nil:
		return machineid.OK.String()
	case errors.As(err, &failure):
		return failure.Status.String()
	default:
		return err.Error()
	}
}

func digit(allowed bool) int {
	if allowed {
		return 1
	}
	return 0
}
