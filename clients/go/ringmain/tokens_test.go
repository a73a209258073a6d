package ringmain_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// guarded is a gateway that refuses some tokens, and notes all that come.
type guarded struct {
	mu      sync.Mutex
	refused map[string]bool
	seen    []string
}

func (g *guarded) check(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	token := md.Get("authorization")[0]
	g.seen = append(g.seen, token)
	if g.refused[token] {
		return status.Error(codes.Unauthenticated, "no")
	}
	return nil
}

func (g *guarded) tokens() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.seen)
}

func guard(refused ...string) (*guarded, *fake.Gateway) {
	g := &guarded{refused: map[string]bool{}}
	for _, token := range refused {
		g.refused["Bearer "+token] = true
	}
	return g, &fake.Gateway{
		OnChat: func(ctx context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
			if err := g.check(ctx); err != nil {
				return nil, err
			}
			return echo(ctx, r)
		},
		OnStream: func(_ *ringmainv1.ChatRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
			if err := g.check(s.Context()); err != nil {
				return err
			}
			for _, event := range fake.Text("one", "two") {
				if err := s.Send(event); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// counting returns a source of the tokens t1, t2 and so on, and their count.
func counting() (ringmain.TokenSource, *atomic.Int32) {
	var count atomic.Int32
	return func(context.Context) (ringmain.Token, error) {
		return ringmain.Token{Text: fmt.Sprintf("t%d", count.Add(1))}, nil
	}, &count
}

func TestATokenIsAskedForOnce(t *testing.T) {
	source, count := counting()
	g, gateway := guard()
	client := dial(t, gateway, ringmain.WithTokenSource(source))
	for range 2 {
		if _, err := client.Chat(t.Context(), ringmain.Ask("a")); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := client.Stream(t.Context(), ringmain.Ask("a")).Text(); err != nil || text != "onetwo" {
		t.Error(text, err)
	}
	if seen := g.tokens(); count.Load() != 1 || !slices.Equal(seen, []string{"Bearer t1", "Bearer t1", "Bearer t1"}) {
		t.Error(seen, count.Load())
	}
}

func TestARefusedCallIsMadeOnceMore(t *testing.T) {
	for name, call := range map[string]func(*ringmain.Client) error{
		"whole": func(client *ringmain.Client) error {
			_, err := client.Chat(t.Context(), ringmain.Ask("a"))
			return err
		},
		"streamed": func(client *ringmain.Client) error {
			text, err := client.Stream(t.Context(), ringmain.Ask("a")).Text()
			if err == nil && text != "onetwo" {
				return errors.New(text)
			}
			return err
		},
	} {
		source, _ := counting()
		g, gateway := guard("t1")
		if err := call(dial(t, gateway, ringmain.WithTokenSource(source))); err != nil {
			t.Error(name, err)
		}
		if seen := g.tokens(); !slices.Equal(seen, []string{"Bearer t1", "Bearer t2"}) {
			t.Error(name, seen)
		}
		// When the other is refused too, the caller is told, and the source is not asked without end.
		source, count := counting()
		_, gateway = guard("t1", "t2", "t3")
		client := dial(t, gateway, ringmain.WithTokenSource(source))
		for range 3 {
			if err := call(client); !errors.Is(err, ringmain.ErrUnauthenticated) {
				t.Error(name, err)
			}
		}
		if count.Load() != 2 {
			t.Error(name, count.Load())
		}
	}
}

func TestATokenThatStaysTheSameIsNotSentAgain(t *testing.T) {
	g, gateway := guard("fixed")
	client := dial(t, gateway, ringmain.WithTokenSource(func(context.Context) (ringmain.Token, error) {
		return ringmain.Token{Text: "fixed"}, nil
	}))
	if _, err := client.Chat(t.Context(), ringmain.Ask("a")); !errors.Is(err, ringmain.ErrUnauthenticated) {
		t.Error(err)
	}
	if seen := g.tokens(); len(seen) != 1 {
		t.Error(seen)
	}
}

func TestAStreamThatHasBegunIsNotBegunAgain(t *testing.T) {
	source, count := counting()
	client := dial(t, &fake.Gateway{
		OnStream: func(_ *ringmainv1.ChatRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
			if err := s.Send(fake.Text()[0]); err != nil {
				return err
			}
			return status.Error(codes.Unauthenticated, "late")
		},
	}, ringmain.WithTokenSource(source))
	_, err := client.Stream(t.Context(), ringmain.Ask("a")).Text()
	if !errors.Is(err, ringmain.ErrUnauthenticated) || count.Load() != 1 {
		t.Error(err, count.Load())
	}
}

func TestASourceThatFailsFailsTheCall(t *testing.T) {
	g, gateway := guard()
	client := dial(t, gateway, ringmain.WithTokenSource(func(context.Context) (ringmain.Token, error) {
		return ringmain.Token{}, io.ErrUnexpectedEOF
	}))
	_, err := client.Chat(t.Context(), ringmain.Ask("a"))
	_, streamed := client.Stream(t.Context(), ringmain.Ask("a")).Text()
	for _, failed := range []error{err, streamed} {
		var known *ringmain.Error
		if !errors.As(failed, &known) || !errors.Is(failed, ringmain.ErrUnauthenticated) || !errors.Is(failed, io.ErrUnexpectedEOF) {
			t.Error(failed)
		}
	}
	if seen := g.tokens(); len(seen) != 0 {
		t.Error(seen)
	}
}

func TestTheDeadlineBoundsTheSource(t *testing.T) {
	_, gateway := guard()
	client := dial(t, gateway, ringmain.WithTimeout(30*time.Millisecond),
		ringmain.WithTokenSource(func(ctx context.Context) (ringmain.Token, error) {
			<-ctx.Done()
			return ringmain.Token{}, ctx.Err()
		}))
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if _, err := client.Chat(t.Context(), ringmain.Ask("a")); !errors.Is(err, ringmain.ErrDeadlineExceeded) {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestSimultaneousCallsShareOneQuestion(t *testing.T) {
	source, count := counting()
	_, gateway := guard()
	client := dial(t, gateway, ringmain.WithTokenSource(func(ctx context.Context) (ringmain.Token, error) {
		time.Sleep(20 * time.Millisecond)
		return source(ctx)
	}))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := client.Chat(t.Context(), ringmain.Ask("a")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if count.Load() != 1 {
		t.Error(count.Load())
	}
}
