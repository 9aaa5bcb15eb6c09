// Chat asks one question and prints the answer. HYPERBOLIC_API_KEY is the key; HYPERBOLIC_BASE_URL and HYPERBOLIC_MODEL
// are optional.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"hyperbolic.example/hyperbolic"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		// What the library advises, if it does.
		var problem *hyperbolic.Error
		if errors.As(err, &problem) && problem.Hint != "" {
			fmt.Fprintln(os.Stderr, problem.Hint)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := hyperbolic.NewClient(hyperbolic.FromEnv())
	if err != nil {
		return err
	}
	defer client.Close()
	answer, err := client.Chat(ctx, hyperbolic.Request{
		Model: cmp.Or(os.Getenv("HYPERBOLIC_MODEL"), "meta-llama/Llama-3.3-70B-Instruct"),
		Messages: []hyperbolic.Message{
			hyperbolic.System("You answer in one paragraph."),
			hyperbolic.User("Explain quantum computing in simple terms."),
		},
		MaxTokens:   512,
		Temperature: hyperbolic.Ptr(0.7),
	})
	if err != nil {
		return err
	}
	fmt.Println(answer.Text())
	return nil
}
