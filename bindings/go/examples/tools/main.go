// Tools lets the model call a function of this program: it asks for a sum, the program adds, the model says what came
// out.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"hyperbolic.example/hyperbolic"
)

var add = hyperbolic.Tool{
	Name:        "add",
	Description: "Adds two integers.",
	Parameters: json.RawMessage(`{"type": "object", "required": ["a", "b"],
		"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}`),
}

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
	talk := hyperbolic.NewConversation("")
	if err := talk.Add(hyperbolic.User("Please add 2 and 3")); err != nil {
		return err
	}
	request := hyperbolic.Request{
		Model:        cmp.Or(os.Getenv("HYPERBOLIC_MODEL"), "meta-llama/Llama-3.3-70B-Instruct"),
		Conversation: talk,
		Tools:        []hyperbolic.Tool{add},
		Temperature:  hyperbolic.Ptr(0.0),
	}
	for range 5 { // a model may call a tool again, but not for ever
		answer, err := client.Chat(ctx, request)
		if err != nil {
			return err
		}
		if err := talk.AddResponse(answer); err != nil {
			return err
		}
		calls := talk.OpenToolCalls()
		if len(calls) == 0 {
			fmt.Println(answer.Text())
			return nil
		}
		for _, call := range calls {
			if err := talk.AddToolResult(call.ID, result(call)); err != nil {
				return err
			}
		}
	}
	return errors.New("the model went on calling tools")
}

// result runs a call. What goes wrong is for the model to know, which can do better then.
func result(call hyperbolic.ToolCall) string {
	var numbers struct{ A, B int }
	if err := call.Decode(&numbers); err != nil {
		return "error: " + err.Error()
	}
	sum := fmt.Sprint(numbers.A + numbers.B)
	fmt.Printf("%s(%s) = %s\n", call.Name, call.Arguments, sum)
	return sum
}
