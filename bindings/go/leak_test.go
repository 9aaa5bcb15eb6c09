package hyperbolic

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// number is how many the caller wants to have, by an environment variable.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	count, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// cancelStreams begins streams of answers that never end, and leaves each in one of the ways there are.
func cancelStreams(t *testing.T, client *Client, count int) {
	t.Helper()
	var all sync.WaitGroup
	for worker := range 16 {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := worker; i < count; i += 16 {
				if err := cancelStream(client, i); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	all.Wait()
}

func cancelStream(client *Client, way int) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		if recovered := recover(); recovered != nil && recovered != "out of the loop" {
			err = fmt.Errorf("%v", recovered)
		}
	}()
	for event, err := range client.Stream(ctx, Ask(testModel, "?")) {
		if event.Kind == EventDone {
			if way%3 == 1 && err != nil && ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("the stream ended by itself: %v", err)
		}
		switch way % 3 {
		case 0:
			return nil
		case 1:
			cancel()
		case 2:
			panic("out of the loop")
		}
	}
	return fmt.Errorf("the stream had no end")
}

func TestCancelledStreamsLeaveNoGoroutine(t *testing.T) {
	count := number(t, "HB_TEST_CANCELLED_STREAMS", 1000)
	ignore := goleak.IgnoreCurrent()
	reset(t)
	client := newClient(t, faults("stall-after=4"))
	cancelStreams(t, client, count)
	// The idle client has no goroutine, and the server nothing to do.
	goleak.VerifyNone(t, ignore)
	waitForCounts(t, fmt.Sprintf("requests=%d&closes=%d&in_flight-at-most=0", count, count))
	want(t, "cancelled", client.Stats().Cancelled, int64(count))
	_ = client.Close()
	goleak.VerifyNone(t, ignore)
}

// residentKiB is the memory of the whole process, the library's with it.
func residentKiB(t *testing.T) int {
	t.Helper()
	runtime.GC()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); fields[0] == "VmRSS:" {
			kib, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

func TestNothingIsLeftBehind(t *testing.T) {
	// A tenth of a megabyte, so that what each answer left behind would show.
	large := `data: {"choices":[{"index":0,"delta":{"content":"` + strings.Repeat("sea ", 25_000) + `"},"finish_reason":"stop"}]}` +
		"\n\ndata: [DONE]\n\n"
	use := func(rounds int) {
		for range rounds {
			client := newClient(t, faults("stall-after=4,times=8;raw=large"))
			reset(t)
			control(t, "PUT", "body/large", large)
			cancelStreams(t, client, 8)
			conversation := NewConversation("")
			for range 4 {
				if err := conversation.Add(User("Hello")); err != nil {
					t.Fatal(err)
				}
				response, err := client.Chat(within(t), Request{Model: testModel, Conversation: conversation})
				if err != nil {
					t.Fatal(err)
				}
				if err := conversation.AddResponse(response); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := conversation.Save(0); err != nil {
				t.Fatal(err)
			}
			_ = client.Close()
		}
	}
	ignore := goleak.IgnoreCurrent()
	use(30) // what is made once is made now
	goleak.VerifyNone(t, ignore)
	memory, files, tasks := residentKiB(t), descriptors(t), threads(t)
	use(90)
	goleak.VerifyNone(t, ignore)
	eventually(t, "as many descriptors as before", func() bool { return descriptors(t) <= files })
	// Go gives no thread of its own back, and may make a few more at any time.
	if now := threads(t); now > tasks+8 {
		t.Errorf("%d threads, and then %d", tasks, now)
	}
	// 90 rounds of four long answers each, which are 36 MB. The allocators of Go and C move by less.
	eventually(t, "as much memory as before", func() bool { return residentKiB(t) <= memory+16*1024 })
}
