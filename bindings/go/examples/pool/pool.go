// Package pool runs tasks on workers of which each is a device of its own, and works only while the authority allows
// it. Copy this file, or import it:
//
//	packers := pool.Pool[string]{Client: client, Name: "shop:prod:packer:host1", Workers: 4, Work: pack}
//	err := packers.Run(ctx, orders)
//
// The devices are NAME-0, NAME-1 and so on. A worker takes no task before its device is registered and allowed. When it
// is denied, it gives the task at hand back, another worker gets it, and it waits until it is allowed again. In an
// outage of more than three intervals, workers wait in Worker.Hold and before their next task.
package pool

import (
	"context"
	"errors"
	"log"
	"math/rand"
	"strconv"
	"sync"
	"time"

	"machineid.io/go/machineid"
)

// look is how often a worker that waits for the end of an outage looks at its guard.
const look = 100 * time.Millisecond

// Pool is what a pool of workers for tasks of one type works with.
type Pool[T any] struct {
	Client   *machineid.Client
	Name     string        // {service}:{env}:{role}:{instance}, the instance being this program on this host
	Workers  int           // how many there are
	Interval time.Duration // how often each asks (5 s): a revocation takes effect within it and a tenth
	// Work does a task. It calls worker.Hold between the units of a long one, and returns the error of that: a task
	// that ends with an error after its device was denied is given back. Any other error ends the pool.
	Work func(worker *Worker, task T) error
}

// Worker is the device that does a task.
type Worker struct {
	Device string
	ctx    context.Context
	guard  *machineid.Guard
}

// Context returns a context that ends when the device is denied, and with the pool.
func (w *Worker) Context() context.Context { return w.ctx }

// Hold returns nil when the device is allowed: at once, or at the end of an outage. It returns an error when the device
// is denied, or the pool ends.
func (w *Worker) Hold() error {
	for !w.guard.Allowed() {
		if !pause(w.ctx, look) {
			return w.ctx.Err()
		}
	}
	return nil
}

// outcome is what became of a task.
type outcome[T any] struct {
	task T
	err  error
	back bool // the device of its worker was denied
}

// Run does the tasks of a channel until it is closed and all of them are done, by whichever worker. It ends earlier
// with the context, with the first error of Work that is no denial, and when the client is cancelled or closed. The
// tasks at hand, and those that were given back, are not done then.
func (p *Pool[T]) Run(ctx context.Context, tasks <-chan T) error {
	if p.Client == nil || p.Name == "" || p.Workers < 1 || p.Interval < 0 || p.Work == nil {
		return errors.New("pool: Client, Name and Work must be set, Workers be 1 at least, and Interval not negative")
	}
	ctx, cancel := context.WithCancel(ctx)
	take, outcomes, ended := make(chan T), make(chan outcome[T]), make(chan error, p.Workers)
	var workers sync.WaitGroup
	for i := 0; i < p.Workers; i++ {
		workers.Add(1)
		go func(device string) {
			defer workers.Done()
			if err := p.serve(ctx, device, take, outcomes); err != nil {
				ended <- err
			}
		}(p.Name + "-" + strconv.Itoa(i))
	}
	defer workers.Wait()
	defer cancel()

	var waiting []T
	atHand := 0
	for tasks != nil || len(waiting)+atHand > 0 {
		// Another task is read when a worker has taken the one before.
		source, out := tasks, take
		var next T
		if len(waiting) > 0 {
			source, next = nil, waiting[0]
		} else {
			out = nil
		}
		select {
		case task, isOpen := <-source:
			if isOpen {
				waiting = append(waiting, task)
			} else {
				tasks = nil
			}
		case out <- next:
			waiting = waiting[1:]
			atHand++
		case done := <-outcomes:
			atHand--
			if done.back {
				waiting = append(waiting, done.task)
			} else if done.err != nil {
				return done.err
			}
		case err := <-ended:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// serve is a worker: it works while its device is allowed, and otherwise waits. It returns nil when the pool ends, and
// the error with which no device can be allowed any more.
func (p *Pool[T]) serve(ctx context.Context, device string, take <-chan T, outcomes chan<- outcome[T]) error {
	for {
		guard, err := p.begin(ctx, device)
		if guard == nil {
			return err
		}
		log.Printf("%s takes tasks", device)
		p.workWhileAllowed(ctx, &Worker{Device: device, guard: guard}, take, outcomes)
		guard.Stop()
		if ctx.Err() != nil {
			return nil
		}
		log.Printf("%s has stopped: %v", device, guard.Err())
	}
}

// begin returns a guard when the device is registered and allowed. An answer that it is not is logged once. It returns
// no guard when the pool ends.
func (p *Pool[T]) begin(ctx context.Context, device string) (*machineid.Guard, error) {
	interval := p.Interval
	if interval == 0 {
		interval = 5 * time.Second
	}
	said, isRegistered := "", false
	for {
		var err error
		if !isRegistered {
			_, err = p.Client.Register(ctx, device)
			isRegistered = err == nil
		}
		if isRegistered {
			var guard *machineid.Guard
			if guard, err = p.Client.Guard(ctx, device, machineid.WithInterval(interval)); err == nil {
				return guard, nil
			}
		}
		var failure *machineid.Error
		switch {
		case ctx.Err() != nil:
			return nil, nil
		case isFinal(err):
			return nil, err
		case errors.As(err, &failure) && failure.Code != said:
			log.Printf("%s takes no tasks: %v", device, err)
			said = failure.Code
		}
		if !pause(ctx, time.Duration(float64(interval)*(0.9+0.2*rand.Float64()))) {
			return nil, nil
		}
	}
}

// isFinal says whether asking again cannot help.
func isFinal(err error) bool {
	for _, kind := range []error{machineid.ErrCancelled, machineid.ErrInvalidArgument, machineid.ErrInvalidOptions} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// workWhileAllowed does tasks until the device is denied, or the pool ends.
func (p *Pool[T]) workWhileAllowed(ctx context.Context, w *Worker, take <-chan T, outcomes chan<- outcome[T]) {
	var end context.CancelFunc
	w.ctx, end = context.WithCancel(ctx)
	defer end()
	go func() {
		select {
		case <-w.guard.Context().Done():
			end()
		case <-w.ctx.Done():
		}
	}()
	for w.Hold() == nil {
		var task T
		select {
		case task = <-take:
		case <-w.ctx.Done():
			return
		}
		err := w.Hold()
		if err == nil {
			err = p.Work(w, task)
		}
		isBack := err != nil && w.guard.Context().Err() != nil
		select {
		case outcomes <- outcome[T]{task, err, isBack}:
		case <-ctx.Done():
			return
		}
	}
}

// pause returns true after a time, and false if the context ends before.
func pause(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
