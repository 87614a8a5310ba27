// Every operation of the package machineid, and the ways in which they fail.
package main

import (
	"errors"
	"fmt"
	"os"

	"example/machineid"
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
	if decision.Allowed {
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
	_, err = client.Remove(device)
	fmt.Printf("remove: %v\n", status(err))
	_, err = client.Remove(device)
	fmt.Printf("remove again: %v\n", status(err))

	_, err = machineid.NewClientFromEnv(machineid.Options{"timeout": 1})
	var failure *machineid.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("a wrong option: %w", err)
	}
	fmt.Printf("wrong option: %v %s\n", failure.Status, failure.Code)
	decision = client.Validate("")
	fmt.Printf("no device: %v %s\n", decision.Status, decision.Code)

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
	return nil
}

// validateInParallel has 8 goroutines validate 4 times each, and counts what is allowed.
func validateInParallel(client *machineid.Client) int {
	allowed := make(chan int)
	for i := 0; i < 8; i++ {
		go func() {
			count := 0
			for j := 0; j < 4; j++ {
				count += digit(client.Validate(device).Allowed)
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

// status says what a call with this error came to.
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
