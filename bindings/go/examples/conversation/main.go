// Conversation has several turns, kept short enough for the model, saved and loaded again. The server remembers nothing:
// each request carries the whole conversation.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"hyperbolic.example/hyperbolic"
)

// What the prompt may have, by estimate; the rest of the model's context is for the answer.
const mostTokens = 4000

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
	talk := hyperbolic.NewConversation("You answer in one sentence.")
	for _, question := range []string{"What is the capital of France?", "What is its population?"} {
		if err := turn(ctx, client, talk, question); err != nil {
			return err
		}
	}

	// A saved conversation is JSON, the same bytes for the same content; it may go into a file or a database.
	saved, err := talk.Save(0)
	if err != nil {
		return err
	}
	again, err := hyperbolic.LoadConversation(saved)
	if err != nil {
		return err
	}
	return turn(ctx, client, again, "And what should I see there first?")
}

// turn asks, adds the answer, and prints both.
func turn(ctx context.Context, client *hyperbolic.Client, talk *hyperbolic.Conversation, question string) error {
	if err := talk.Add(hyperbolic.User(question)); err != nil {
		return err
	}
	if _, err := talk.Trim(mostTokens); err != nil {
		return err
	}
	model := cmp.Or(os.Getenv("HYPERBOLIC_MODEL"), "meta-llama/Llama-3.3-70B-Instruct")
	answer, err := client.Chat(ctx, hyperbolic.Request{Model: model, Conversation: talk, MaxTokens: 256})
	if err != nil {
		return err
	}
	fmt.Printf("> %s\n%s\n\n", question, answer.Text())
	return talk.AddResponse(answer)
}
