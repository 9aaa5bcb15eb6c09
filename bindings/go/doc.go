// Package hyperbolic generates text: it is a client of Hyperbolic's API, and of every server that speaks the same
// OpenAI-compatible protocol, on top of the C library libhyperbolic.
//
// A [Client] asks one server. [Client.Chat] and [Client.Complete] wait for a whole answer, [Client.Stream] yields its
// pieces as they come. A [Conversation] keeps what was said, in order to send it again, to trim it and to save it.
//
// # Contexts
//
// Every call that waits has a context. When it ends, the request ends too, at once, and the server stops. What had
// arrived by then is not lost: it comes with the error. The context's deadline is also the library's: it does not begin
// to wait for another attempt that could not be made in time.
//
// # Errors
//
// Every error is an [*Error], whose fields say what is known of it. errors.Is asks for a [Status], such as
// [ErrRateLimited], of which there is one for each decision to take, and for context.Canceled and
// context.DeadlineExceeded where the context was the cause:
//
//	var problem *hyperbolic.Error
//	switch {
//	case errors.Is(err, context.Canceled):
//		// ours
//	case errors.Is(err, hyperbolic.ErrRateLimited):
//		// slow down
//	case errors.As(err, &problem):
//		log.Print(problem.Message, problem.Hint, problem.RequestID)
//	}
//
// # Goroutines, threads and memory
//
// A client, a conversation and a response may be used by any number of goroutines at once. While requests of a client
// are in flight, one goroutine of it waits for all of them, in one thread of the operating system; an idle client has
// none. The library itself has two threads for all clients, and up to four while it looks names up. It never calls Go,
// and keeps no pointer to Go's memory.
//
// What the library allocates is freed when the garbage collector finds that nothing refers to it. Close gives a client's
// connections back at once.
//
// # Logs
//
// [Options.Logger] gets the library's records, with their own times: requests that failed at slog.LevelError, the end of
// each request and retries at slog.LevelInfo, attempts, connections and waits at slog.LevelDebug, every read at
// [LevelTrace]. Neither the key nor any text of a prompt or an answer is in them, unless [Options.LogBodies] asks for
// bodies. The handler runs on the goroutines that call the client, when they wait or return.
//
// # Linking
//
// The package finds the library by pkg-config, under the name hyperbolic, and links it dynamically. With the build tag
// hyperbolic_static it also names what the static library needs, for a prefix that has only that one.
package hyperbolic
