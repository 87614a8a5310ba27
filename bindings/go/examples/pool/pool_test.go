package pool

import (
	"context"
	"errors"
	"testing"
	"time"

	"machineid.io/go/machineid"
	"machineid.io/go/machineidtest"
)

const patience = 30 * time.Second

// filled returns a channel with some numbers, which is closed.
func filled(numbers ...int) <-chan int {
	tasks := make(chan int, len(numbers))
	for _, number := range numbers {
		tasks <- number
	}
	close(tasks)
	return tasks
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestADeniedTaskIsGivenBack(t *testing.T) {
	emulator := machineidtest.Start(t)
	client := emulator.Client(t)
	begun, done := 0, 0 // the only worker counts
	one := Pool[int]{Client: client, Name: "shop", Workers: 1, Interval: 20 * time.Millisecond}
	one.Work = func(worker *Worker, number int) error {
		if begun++; begun == 1 {
			if _, err := client.Revoke(context.Background(), worker.Device); err != nil {
				return err
			}
			<-worker.Context().Done()
			if _, err := client.Unrevoke(context.Background(), worker.Device); err != nil {
				t.Error(err)
			}
			return worker.Hold()
		}
		done += number
		return nil
	}
	if err := one.Run(limited(t), filled(1, 10, 100)); err != nil || begun != 4 || done != 111 {
		t.Errorf("%v; %d begun, done: %d", err, begun, done)
	}
}

func TestADeniedDeviceTakesNoTask(t *testing.T) {
	emulator := machineidtest.Start(t)
	client := emulator.Client(t)
	for _, device := range []string{"shop-0", "shop-1"} {
		if _, err := client.Register(context.Background(), device); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Revoke(context.Background(), "shop-0"); err != nil {
		t.Fatal(err)
	}
	two := Pool[int]{Client: client, Name: "shop", Workers: 2, Interval: 20 * time.Millisecond}
	two.Work = func(worker *Worker, _ int) error {
		if worker.Device != "shop-1" {
			return errors.New(worker.Device + " works")
		}
		return nil
	}
	if err := two.Run(limited(t), filled(1, 2, 3, 4, 5, 6, 7, 8)); err != nil {
		t.Error(err)
	}
}

func TestEnds(t *testing.T) {
	emulator := machineidtest.Start(t)
	client := emulator.Client(t)
	fault := errors.New("the printer is on fire")
	failing := Pool[int]{Client: client, Name: "shop", Workers: 2}
	failing.Work = func(*Worker, int) error { return fault }
	if err := failing.Run(limited(t), filled(1, 2, 3)); !errors.Is(err, fault) {
		t.Errorf("an error of a task ends in %v", err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	stopping := Pool[int]{Client: client, Name: "shop", Workers: 2}
	stopping.Work = func(worker *Worker, _ int) error {
		cancel()
		<-worker.Context().Done()
		return worker.Context().Err()
	}
	if err := stopping.Run(ctx, filled(1, 2, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("the end of the context ends in %v", err)
	}

	closing := Pool[int]{Client: client, Name: "shop", Workers: 2}
	closing.Work = func(worker *Worker, _ int) error {
		go client.Close()
		<-worker.Context().Done()
		return worker.Hold()
	}
	// It is cancelled before it is closed.
	err := closing.Run(limited(t), filled(1, 2, 3))
	if !errors.Is(err, machineid.ErrCancelled) && !errors.Is(err, machineid.ErrClosed) {
		t.Errorf("a closed client ends in %v", err)
	}
}

func TestWrongUse(t *testing.T) {
	client := machineidtest.Start(t).Client(t)
	work := func(*Worker, int) error { return nil }
	for _, wrong := range []Pool[int]{
		{Name: "shop", Workers: 1, Work: work},
		{Client: client, Workers: 1, Work: work},
		{Client: client, Name: "shop", Work: work},
		{Client: client, Name: "shop", Workers: 1},
	} {
		if err := wrong.Run(limited(t), filled()); err == nil {
			t.Errorf("%v is accepted", wrong)
		}
	}
}
