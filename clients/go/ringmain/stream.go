package ringmain

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// A Stream is an answer as it is written. Range once, over Deltas or over Events: the call begins with the
// loop, and leaving the loop cancels it, so that the provider stops writing.
type Stream struct {
	events iter.Seq2[*ringmainv1.ChatEvent, error]
	fold   fold
}

// Deltas yields what the answer grows by. After an error, which is an [*Error], nothing follows.
func (s *Stream) Deltas() iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		for event, err := range s.Events() {
			if err != nil {
				yield(Delta{}, err)
				return
			}
			if delta, shown := s.fold.delta(event); shown && !yield(delta, nil) {
				return
			}
		}
	}
}

// Events yields the events of the contract. After an error, which is an [*Error], nothing follows.
func (s *Stream) Events() iter.Seq2[*ringmainv1.ChatEvent, error] {
	return func(yield func(*ringmainv1.ChatEvent, error) bool) {
		for event, err := range s.events {
			if err != nil {
				yield(nil, err)
				return
			}
			s.fold.add(event)
			if !yield(event, nil) {
				return
			}
		}
		if s.fold.end == nil {
			yield(nil, endedEarly())
		}
	}
}

// Answer returns the whole answer, once the loop has come to its end without an error.
func (s *Stream) Answer() (Answer, error) {
	if s.fold.end == nil {
		return Answer{}, errors.New("ringmain: the answer is not complete; see Stream.Partial")
	}
	return s.Partial(), nil
}

// Partial returns the answer so far, for streams that broke or were left.
func (s *Stream) Partial() Answer { return s.fold.answer() }

// Text reads the stream to its end and returns the answer's text.
func (s *Stream) Text() (string, error) {
	for _, err := range s.Events() {
		if err != nil {
			return "", err
		}
	}
	return s.Partial().Text(), nil
}

// receive yields what a call brings, and cancels the call when the loop is left.
func receive[T any](
	ctx context.Context, open func(context.Context) (grpc.ServerStreamingClient[T], error),
) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		call, err := open(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			message, err := call.Recv()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(message, nil) {
				return
			}
		}
	}
}

func endedEarly() *Error {
	return newError(status.New(codes.Aborted, "the stream ended without its last event"))
}
