// The types refuse a decision or an error as a condition.
package main

import "machineid.io/go/machineid"

func work() {}

func conditions(client *machineid.Client) {
	if client.Validate("never") { // refused
		work()
	}
	if !client.Validate("never") { // refused
		return
	}
	for client.Validate("never") { // refused
		work()
	}
	_ = client.Validate("never") && true // refused
	if client.Validate("never") != nil { // refused
		work()
	}
	if client.Require("never") { // refused
		work()
	}
	client.Validate(nil) // refused
	if client.Allows("never") {
		work()
	}
	if client.Validate("never").Allowed {
		work()
	}
	if err := client.Require("never"); err == nil {
		work()
	}
}

func main() {}
