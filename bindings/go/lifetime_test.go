package hyperbolic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// The behaviours of bindings/behaviours.md that are about many at once and about the end.

func threads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

func TestParallelStreams(t *testing.T) {
	const streams = 200
	reset(t)
	client := newClient(t, faults("event-delay=2"))
	before := threads(t)
	var running, all sync.WaitGroup
	running.Add(streams)
	goOn := make(chan struct{})
	failures := make(chan error, streams)
	for i := range streams {
		all.Add(1)
		go func() {
			defer all.Done()
			question := fmt.Sprintf("question %d 🙂", i)
			var pieces strings.Builder
			begun := false
			for event, err := range client.Stream(within(t), Ask(testModel, question)) {
				if err != nil {
					failures <- err
				}
				if !begun {
					begun = true
					running.Done()
					<-goOn // all have begun, and none has ended
				}
				pieces.WriteString(event.Text)
				if event.Kind == EventDone && (event.Response.Text() != pieces.String() ||
					!strings.Contains(pieces.String(), question)) {
					failures <- fmt.Errorf("%q is not the answer to %q", pieces.String(), question)
				}
			}
		}()
	}
	running.Wait()
	if during := threads(t); during > before+40 {
		t.Errorf("%d threads before and %d with %d streams", before, during, streams)
	}
	close(goOn)
	all.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	stats := client.Stats()
	want(t, "succeeded", stats.Succeeded, streams)
	waitForCounts(t, "finished=200&in_flight-at-most=0")
}

func TestUseAfterCloseIsAnError(t *testing.T) {
	client := newClient(t, Options{})
	response, err := client.Chat(within(t), Ask(testModel, "?"))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = client.Chat(within(t), Ask(testModel, "?"))
	wantIs(t, err, ErrClosed)
	_, err = client.Complete(within(t), Request{Model: testModel, Prompt: "?"})
	wantIs(t, err, ErrClosed)
	count := 0
	for event, err := range client.Stream(within(t), Ask(testModel, "?")) {
		wantIs(t, err, ErrClosed)
		want(t, "the event", event.Kind, EventDone)
		count++
	}
	want(t, "events", count, 1)
	_, err = client.Models(within(t))
	wantIs(t, err, ErrClosed)
	wantIs(t, client.WarmUp(), ErrClosed)
	// What was counted and what had come stay.
	want(t, "succeeded", client.Stats().Succeeded, 1)
	if response.Text() == "" || len(response.JSON()) == 0 {
		t.Fatal("the response is gone with its client")
	}

	// In the middle of a loop it is a cancel, and the loop gets what had arrived.
	client = newClient(t, faults("stall-after=4"))
	for event, err := range client.Stream(within(t), Ask(testModel, "?")) {
		if event.Kind == EventText {
			_ = client.Close()
		} else {
			wantIs(t, err, ErrCancelled)
			wantIsNot(t, err, context.Canceled)
			if event.Response.Text() == "" {
				t.Fatal("what had arrived is lost")
			}
		}
	}

	// Close races with calls, starts and itself: each call ends, whole or with one of two errors.
	for range 50 {
		client := newClient(t, faults("words=2000"))
		var all sync.WaitGroup
		for i := range 6 {
			all.Add(1)
			go func() {
				defer all.Done()
				if i%3 == 0 {
					_ = client.Close()
				} else if _, err := client.Chat(within(t), Ask(testModel, "?")); err != nil &&
					!errors.Is(err, ErrClosed) && !errors.Is(err, ErrCancelled) {
					t.Error(err)
				}
			}()
		}
		all.Wait()
	}
}

func TestAnyOrderOfRelease(t *testing.T) {
	reset(t)
	control(t, "POST", "disconnect?how=close", "") // what other tests have left open
	collect := func() { runtime.GC(); runtime.GC() }
	// Clients, conversations and responses that refer to each other only through what the library shares, and of which
	// one or the other goes first. The collector runs all the while.
	for round := range 60 {
		client, err := NewClient(Options{BaseURL: serverURL, APIKey: testKey})
		if err != nil {
			t.Fatal(err)
		}
		conversation := NewConversation("Be brief.")
		if err := conversation.Add(User("Hello")); err != nil {
			t.Fatal(err)
		}
		response, err := client.Chat(within(t), Request{Model: testModel, Conversation: conversation})
		if err != nil {
			t.Fatal(err)
		}
		drops := []func(){
			func() { client = nil },
			func() { _ = client.Close() },
			func() {
				if err := conversation.AddResponse(response); err != nil {
					t.Error(err)
				}
			},
			func() { conversation = conversation.Clone() },
			func() { response = &Response{handle: response.handle} },
		}
		if round%2 == 0 { // forgotten, not closed
			drops[1] = func() {}
		} else {
			drops[0], drops[1] = drops[1], drops[0]
			drops[0]()
			drops[0] = func() {}
		}
		rand.Shuffle(len(drops), func(i, j int) { drops[i], drops[j] = drops[j], drops[i] })
		for _, drop := range drops {
			drop()
			if round%5 == 0 {
				collect()
			}
		}
		want(t, "messages", conversation.Len(), 2)
		if !strings.Contains(string(response.JSON()), "canned") {
			t.Fatal("the response is gone")
		}
	}
	// Of the clients that were forgotten nothing is left: their connections close.
	eventually(t, "no connection is open", func() bool {
		collect()
		var counted struct{ Open int }
		if err := json.Unmarshal([]byte(control(t, "GET", "stats", "")), &counted); err != nil {
			t.Fatal(err)
		}
		return counted.Open == 0
	})
}
