// Command shop packs orders, one for each line of its standard input, on four workers that are devices.
//
//	printf '%s\n' 1001 1002 1003 | MACHINEID_DEVICE_PREFIX=shop:prod:packer go run machineid.io/go/examples/pool/shop
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"machineid.io/go/examples/pool"
	"machineid.io/go/machineid"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	prefix := os.Getenv("MACHINEID_DEVICE_PREFIX")
	if prefix == "" {
		return errors.New("MACHINEID_DEVICE_PREFIX is not set: set it to {service}:{env}:{role}")
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	client, err := machineid.FromEnv() // the key is in MACHINEID_ORG_KEY, or in the file of MACHINEID_ORG_KEY_FILE
	if err != nil {
		return err
	}
	defer client.Close()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	orders := make(chan string)
	go read(ctx, orders)
	packers := pool.Pool[string]{Client: client, Name: prefix + ":" + host, Workers: 4, Work: pack}
	return packers.Run(ctx, orders)
}

// read sends the lines of the standard input, and closes the channel at its end.
func read(ctx context.Context, orders chan<- string) {
	defer close(orders)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		select {
		case orders <- lines.Text():
		case <-ctx.Done():
			return
		}
	}
}

// pack packs the parcels of an order, and looks before each whether this worker still may.
func pack(worker *pool.Worker, order string) error {
	for parcel := 0; parcel < 3; parcel++ {
		if err := worker.Hold(); err != nil {
			return err
		}
		fmt.Printf("%s: order %s: parcel %d\n", worker.Device, order, parcel)
	}
	return nil
}
