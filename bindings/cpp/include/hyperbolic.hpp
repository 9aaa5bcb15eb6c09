// hyperbolic.hpp: text generation for C++. A client of Hyperbolic's API, and of every server that speaks the same
// OpenAI-compatible protocol. Header-only over hyperbolic.h; C++17, and more with C++20 and 23; with or without
// exceptions and RTTI.
//
//     #include <hyperbolic.hpp>
//     #include <iostream>
//
//     int main() {
//         hyperbolic::client client(hyperbolic::options::from_env());
//         hyperbolic::request request("meta-llama/Llama-3.3-70B-Instruct");
//         request.user("Why is the sky blue?");
//         for (auto piece : client.stream(request)) std::cout << piece << std::flush;
//     }
//
// Ownership. Every object owns what it stands for and frees it at its end; all move, none copies: clone() makes a copy
// of what may change (requests, conversations), share() another reference to what never does (responses, errors). They
// may end in any order. What goes in is copied before the call returns. A std::string_view that comes out is borrowed
// from the object that answered it; what comes out as a std::string is yours.
//
// Failures. What can fail answers a result: its value, or its error, in which what had arrived is kept. Reading a value
// that is not there throws hyperbolic::exception; in files that are compiled without exceptions it terminates. Setters
// of options and requests answer the object itself: the first bad value is remembered, and whatever uses the object
// reports it.
//
// Streaming. client::stream is a range, which blocks in its ++, or takes a function that is called for each piece.
// queue::start takes lambdas that are called where you pump, in queue::dispatch: nothing ever runs on a thread that is
// not yours. With C++20 a coroutine waits for async_stream, and goes on where you pump.
//
// Threads. As hyperbolic.h says: clients from any number, queues dispatched by one at a time, options, requests and
// conversations one at a time, the rest is immutable.

#ifndef HYPERBOLIC_HPP
#define HYPERBOLIC_HPP

#include <hyperbolic/client.hpp>
#include <hyperbolic/conversation.hpp>
#include <hyperbolic/coroutine.hpp>
#include <hyperbolic/models.hpp>
#include <hyperbolic/options.hpp>
#include <hyperbolic/queue.hpp>
#include <hyperbolic/request.hpp>
#include <hyperbolic/response.hpp>
#include <hyperbolic/result.hpp>
#include <hyperbolic/stream.hpp>

#endif
