// Command counted runs the pool of bindings/go/examples/pool with tasks that write down what they do. Each line of the
// standard input, FIRST COUNT, is so many tasks with the numbers from FIRST on; it ends when all are done.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"machineid.io/go/examples/pool"
	"machineid.io/go/machineid"
)

type event struct {
	What   string  `json:"what"`
	Number int     `json:"number"`
	Device string  `json:"device"`
	Time   float64 `json:"time"`
}

var events *os.File

// say adds an event to the file. The monotonic clock is the same for all processes of a machine.
func say(what string, number int, device string) error {
	var now syscall.Timespec
	const monotonic = 1
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&now)), 0); err != 0 {
		return err
	}
	line, err := json.Marshal(event{what, number, device, float64(now.Nano()) / 1e9})
	if err == nil {
		_, err = events.Write(append(line, '\n'))
	}
	return err
}

func count(worker *pool.Worker, number int) error {
	if err := say("begun", number, worker.Device); err != nil {
		return err
	}
	for unit := 0; unit < 4; unit++ {
		if err := worker.Hold(); err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond) // the work
	}
	return say("done", number, worker.Device)
}

func main() {
	interval, err := strconv.Atoi(os.Getenv("MACHINEID_INTERVAL_MS"))
	if err != nil {
		log.Fatal(err)
	}
	events, err = os.OpenFile(os.Getenv("FLEET_EVENTS"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		log.Fatal(err)
	}
	client, err := machineid.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for {
			var first, count int
			if _, err := fmt.Scanln(&first, &count); err == io.EOF {
				return
			} else if err != nil {
				log.Fatal(err)
			}
			for number := first; number < first+count; number++ {
				numbers <- number
			}
		}
	}()
	counters := pool.Pool[int]{
		Client:   client,
		Name:     os.Getenv("MACHINEID_DEVICE_PREFIX") + ":one",
		Workers:  4,
		Interval: time.Duration(interval) * time.Millisecond,
		Work:     count,
	}
	if err := counters.Run(context.Background(), numbers); err != nil {
		log.Fatal(err)
	}
}
