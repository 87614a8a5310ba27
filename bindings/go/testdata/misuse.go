// The types refuse an answer or a guard as a condition, and what is no device. Each line that ends with "refused" must
// not compile, and each other line must.
package main

import (
	"context"

	"machineid.io/go/machineid"
)

func work() {}

func conditions(ctx context.Context, client *machineid.Client, guard *machineid.Guard) {
	if client.Validate(ctx, "never") { // refused
		work()
	}
	if !client.Validate(ctx, "never") { // refused
		return
	}
	for client.Validate(ctx, "never") { // refused
		work()
	}
	_ = client.Validate(ctx, "never") && true // refused
	if client.Validate(ctx, "never") != nil { // refused
		work()
	}
	if client.Decide(ctx, "never") { // refused
		work()
	}
	if decision, _ := client.Decide(ctx, "never"); decision { // refused
		work()
	}
	if client.ValidateMany(ctx, []string{"never"}) { // refused
		work()
	}
	if _, err := client.ValidateMany(ctx, []string{"never"}); err { // refused
		work()
	}
	if client.Guard(ctx, "never") { // refused
		work()
	}
	if guard { // refused
		work()
	}
	for guard.Allowed { // refused
		work()
	}
	if client.Allows { // refused
		work()
	}
	client.Validate(ctx, nil)         // refused
	client.Validate(ctx, 5)           // refused
	client.ValidateMany(ctx, "never") // refused
	if client.Allows(ctx, "never") {
		work()
	}
	if allowed, err := client.Validate(ctx, "never"); allowed && err == nil {
		work()
	}
	if _, err := client.ValidateMany(ctx, []string{"never"}); err == nil {
		work()
	}
	for guard.Allowed() {
		work()
	}
}

func main() {}
