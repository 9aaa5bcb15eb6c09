// Stream prints an answer while the model writes it. HYPERBOLIC_API_KEY is the key; HYPERBOLIC_BASE_URL and
// HYPERBOLIC_MODEL are optional.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"hyperbolic.example/hyperbolic"
)

func main() {
	if err := run(context.Background()); err != nil {
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
	model := cmp.Or(os.Getenv("HYPERBOLIC_MODEL"), "meta-llama/Llama-3.3-70B-Instruct")
	request := hyperbolic.Ask(model, "Write a short story about a robot.")
	request.MaxTokens = 512
	for event, err := range client.Stream(ctx, request) {
		if err != nil {
			return err // what was printed is the beginning of the answer, and event.Response has it too
		}
		switch event.Kind {
		case hyperbolic.EventText:
			// If nobody reads the output any more, the model need not go on writing: leaving the loop cancels.
			if _, err := fmt.Print(event.Text); err != nil {
				return err
			}
		case hyperbolic.EventDone:
			answer := event.Response
			fmt.Fprintf(os.Stderr, "\n[%s, finished by %q, %d tokens; first piece after %v, all after %v; %v]\n", answer.Model,
				answer.Choices[0].FinishReason, answer.Usage.CompletionTokens, answer.FirstToken, answer.Total, answer.Cost)
		}
	}
	return nil
}
