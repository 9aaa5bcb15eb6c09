package hyperbolic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hyperbolic.example/hyperbolic"
)

// The examples run against the simulator, whose words are always the same.

func Example() {
	answer, err := hyperbolic.Chat(context.Background(),
		hyperbolic.Ask("meta-llama/Llama-3.3-70B-Instruct", "Why is the sky blue?"))
	if err != nil {
		fmt.Println(err)
		return
	}
	first, _, _ := strings.Cut(answer.Text(), ".")
	fmt.Println(first)
	// Output: This is canned text from the simulator, which stands in for meta-llama/Llama-3
}

func ExampleClient_Chat() {
	client, err := hyperbolic.NewClient(hyperbolic.FromEnv())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	answer, err := client.Chat(context.Background(), hyperbolic.Request{
		Model:       "meta-llama/Llama-3.3-70B-Instruct",
		Messages:    []hyperbolic.Message{hyperbolic.System("Be brief."), hyperbolic.User("Why is the sky blue?")},
		Temperature: hyperbolic.Ptr(0.0),
		MaxTokens:   4,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Text(), answer.Choices[0].FinishReason)
	// Output: This is canned text length
}

func ExampleClient_Stream() {
	client, err := hyperbolic.NewClient(hyperbolic.FromEnv())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	request := hyperbolic.Ask("meta-llama/Llama-3.3-70B-Instruct", "Why is the sky blue?")
	request.MaxTokens = 4
	for event, err := range client.Stream(context.Background(), request) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(event.Text)
	}
	// Output: This is canned text
}

func ExampleError() {
	client, err := hyperbolic.NewClient(hyperbolic.FromEnv())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err = client.Chat(ctx, hyperbolic.Ask("no/such-model", "Why is the sky blue?"))
	var problem *hyperbolic.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("too late")
	case errors.Is(err, hyperbolic.ErrRateLimited):
		fmt.Println("slow down")
	case errors.As(err, &problem):
		fmt.Println(problem.Status, problem.HTTPStatus, problem.Code)
	}
	// Output: bad request 400 40301
}

func ExampleConversation() {
	client, err := hyperbolic.NewClient(hyperbolic.FromEnv())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	conversation := hyperbolic.NewConversation("You answer in one sentence.")
	for _, question := range []string{"What is the capital of France?", "How many people live there?"} {
		if err := conversation.Add(hyperbolic.User(question)); err != nil {
			fmt.Println(err)
			return
		}
		request := hyperbolic.Request{Model: "meta-llama/Llama-3.3-70B-Instruct", Conversation: conversation}
		answer, err := client.Chat(context.Background(), request)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := conversation.AddResponse(answer); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, entry := range conversation.Entries() {
		fmt.Println(entry.Role)
	}
	// Output:
	// user
	// assistant
	// user
	// assistant
}

func ExampleCloseJSON() {
	text, err := hyperbolic.CloseJSON(`{"name":"Ada","friends":["Char`)
	fmt.Println(text, err)
	// Output: {"name":"Ada","friends":["Char"]} <nil>
}
