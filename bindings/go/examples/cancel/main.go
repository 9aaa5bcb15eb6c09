// Cancel stops an answer in the middle, when its time is over or by Ctrl-C, and shows what had arrived. The server stops
// too, so that what nobody waits for is neither written nor billed.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"hyperbolic.example/hyperbolic"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := hyperbolic.NewClient(hyperbolic.FromEnv())
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	model := cmp.Or(os.Getenv("HYPERBOLIC_MODEL"), "meta-llama/Llama-3.3-70B-Instruct")
	request := hyperbolic.Ask(model, "Count from one to a thousand, in words.")

	received := 0
	for event, err := range client.Stream(ctx, request) {
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			fmt.Printf("\n[stopped; %d bytes had arrived]\n", len(event.Response.Text()))
			return nil
		case err != nil:
			return err
		case event.Kind == hyperbolic.EventText:
			fmt.Print(event.Text)
			if received += len(event.Text); received > 100 {
				cancel() // enough: from here on there comes only the end, with all that had arrived
			}
		case event.Kind == hyperbolic.EventDone:
			fmt.Println("\n[done before it was cancelled]")
		}
	}
	return nil
}
