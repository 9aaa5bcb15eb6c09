package hyperbolic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// The tests talk to the simulator of this project, which tests/run starts: `tests/run --only go`.
var (
	serverURL  = os.Getenv("HB_TEST_URL")
	controlURL = os.Getenv("HB_TEST_CONTROL")
	testKey    = Key(os.Getenv("HB_TEST_KEY"))
)

const testModel = "meta-llama/Llama-3.3-70B-Instruct"

func TestMain(m *testing.M) {
	if serverURL == "" {
		fmt.Fprintln(os.Stderr, "HB_TEST_URL is not set: run these tests by `tests/run --only go`, which starts their server")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// faults are options with which the simulator misbehaves as the script says.
func faults(script string) Options {
	return Options{BaseURL: serverURL, APIKey: testKey, Headers: map[string]string{"x-simulator-fault": script}}
}

func newClient(t *testing.T, options Options) *Client {
	t.Helper()
	if options.BaseURL == "" && options.Replay == "" {
		options.BaseURL, options.APIKey = serverURL, testKey
	}
	client, err := NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func control(t *testing.T, method, path, body string) string {
	t.Helper()
	answer, err := ask(method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// ask is control for goroutines, which must not end a test. It speaks HTTP itself: net/http would take longer to compile,
// in three variants, than all the rest.
func ask(method, path, body string) (string, error) {
	connection, err := net.Dial("tcp", strings.TrimPrefix(controlURL, "http://"))
	if err != nil {
		return "", err
	}
	defer connection.Close()
	fmt.Fprintf(connection, "%s /simulator/%s HTTP/1.0\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s",
		method, path, len(body), body)
	answer, err := io.ReadAll(connection)
	head, text, _ := strings.Cut(string(answer), "\r\n\r\n")
	if status, _, _ := strings.Cut(head, "\r\n"); err == nil && !strings.Contains(status, " 200 ") {
		err = fmt.Errorf("%s: %s: %s", path, status, text)
	}
	return text, err
}

// reset forgets what the simulator has counted.
func reset(t *testing.T) {
	t.Helper()
	control(t, "POST", "reset", "")
}

// waitForCounts waits until the simulator has counted what the query says.
func waitForCounts(t *testing.T, query string) {
	t.Helper()
	control(t, "GET", "wait?"+query+"&timeout-ms=20000", "")
}

// counted is one of the simulator's numbers.
func counted(t *testing.T, name string) int {
	t.Helper()
	_, after, found := strings.Cut(control(t, "GET", "stats", ""), fmt.Sprintf("%q:", name))
	number := 0
	if _, err := fmt.Sscan(strings.TrimLeft(after, " "), &number); err != nil || !found {
		t.Fatalf("no count of %s: %v", name, err)
	}
	return number
}

// untilStuck waits until the simulator has written something, and then nothing for a while.
func untilStuck(t *testing.T) {
	t.Helper()
	before, quiet := -1, 0
	eventually(t, "the server cannot write on", func() bool {
		now := counted(t, "body_bytes")
		if quiet++; now != before || now == 0 {
			before, quiet = now, 0
		}
		return quiet >= 100
	})
}

// asError is what every error of the package is.
func asError(t *testing.T, err error) *Error {
	t.Helper()
	var problem *Error
	if !errors.As(err, &problem) {
		t.Fatalf("%v (%T) is no *Error", err, err)
	}
	return problem
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%v is not %v", err, target)
	}
}

func wantIsNot(t *testing.T, err, target error) {
	t.Helper()
	if errors.Is(err, target) {
		t.Fatalf("%v is %v", err, target)
	}
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Fatalf("%s is %v and not %v", what, got, wanted)
	}
}

// within is a context that no test should run into.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for what another thread does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(end) {
			t.Fatalf("still not so: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
