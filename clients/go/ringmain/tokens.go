package ringmain

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	// tokenMargin is the longest time before its end at which a token is replaced; a quarter of its life if
	// that is less.
	tokenMargin = 30 * time.Second
	// betweenRefusals is the time between two replacements of tokens that the gateway refused, so that a
	// gateway that refuses every token does not make the client flood whoever gives them.
	betweenRefusals = 10 * time.Second
	forever         = math.MaxInt64
)

// A Token is what a [TokenSource] returns.
type Token struct {
	// Text is the token.
	Text string
	// Lifetime is how long it is valid from now on, such as expires_in of OAuth 2. Zero means that the token says
	// so itself, as a JWT does, or that nobody knows: then it is kept until the gateway refuses it.
	Lifetime time.Duration
}

// A TokenSource returns a token. The client calls it before its first call, again shortly before the token ends,
// and once more if the gateway refuses it; never twice at the same time. The context is that of the call that
// waits.
type TokenSource func(ctx context.Context) (Token, error)

// tokens keeps the token of a client.
type tokens struct {
	source TokenSource
	turn   chan struct{} // holds the right to call source

	mu           sync.Mutex
	text         string
	renewAt      time.Time
	endsAt       time.Time
	refusalsFrom time.Time
}

func newTokens(source TokenSource) *tokens {
	return &tokens{source: source, turn: make(chan struct{}, 1)}
}

// get returns the token to send.
func (t *tokens) get(ctx context.Context) (string, error) {
	if text, good := t.good(); good {
		return text, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", errorOf(ctx.Err())
	}
	if text, good := t.good(); good { // another call has got one meanwhile
		return text, nil
	}
	token, err := t.source(ctx)
	if err != nil {
		return t.after(ctx, err)
	}
	t.keep(token)
	return token.Text, nil
}

// another returns the token to send in place of a refused one, or nothing if there is no other.
func (t *tokens) another(ctx context.Context, refused string) string {
	if !t.refused(refused) {
		return ""
	}
	text, err := t.get(ctx)
	if err != nil || text == refused {
		return ""
	}
	return text
}

func (t *tokens) good() (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text, t.text != "" && time.Now().Before(t.renewAt)
}

func (t *tokens) keep(token Token) {
	lifetime := token.Lifetime
	if lifetime == 0 {
		lifetime = lifetimeOf(token.Text)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.text = token.Text
	t.endsAt = now.Add(lifetime)
	t.renewAt = t.endsAt.Add(-max(0, min(tokenMargin, lifetime/4)))
}

// after returns the kept token for a call although no other one could be had, if it has not ended: the source is
// called before that, so that a short outage of whoever gives tokens does no harm.
func (t *tokens) after(ctx context.Context, err error) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text != "" && time.Now().Before(t.endsAt) {
		return t.text, nil
	}
	if ctx.Err() != nil {
		return "", errorOf(ctx.Err())
	}
	failed := newError(status.New(codes.Unauthenticated, "the token source failed: "+err.Error()))
	failed.kind = errors.Join(ErrUnauthenticated, err)
	return "", failed
}

// refused notes that the gateway refused a token, and returns whether a call with another one makes sense, because
// the kept one is another one already or may be replaced now.
func (t *tokens) refused(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text != t.text {
		return true
	}
	now := time.Now()
	if now.Before(t.refusalsFrom) {
		return false
	}
	t.refusalsFrom = now.Add(betweenRefusals)
	t.renewAt, t.endsAt = time.Time{}, time.Time{}
	return true
}

// lifetimeOf returns how long a JWT is valid by its claim exp. It is not verified: the gateway decides.
func lifetimeOf(token string) time.Duration {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return forever
	}
	content, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return forever
	}
	var claims struct {
		Exp *float64 `json:"exp"`
	}
	if json.Unmarshal(content, &claims) != nil || claims.Exp == nil {
		return forever
	}
	left := *claims.Exp - float64(time.Now().UnixMilli())/1e3
	if left > float64(forever)/float64(time.Second)/2 {
		return forever
	}
	return time.Duration(max(left, 0) * float64(time.Second))
}

func withToken(ctx context.Context, text string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+text)
}

// unary makes a call with the token, and once more with another one if the gateway refuses it.
func (t *tokens) unary(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	text, err := t.get(ctx)
	if err != nil {
		return err
	}
	err = invoke(withToken(ctx, text), method, request, reply, conn, options...)
	if status.Code(err) != codes.Unauthenticated {
		return err
	}
	if text = t.another(ctx, text); text == "" {
		return err
	}
	return invoke(withToken(ctx, text), method, request, reply, conn, options...)
}

// stream begins a call with the token. A streamed answer begins once more with another one if the gateway refuses it.
// A streamed request does not, because the part that was sent cannot be had again.
func (t *tokens) stream(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	text, err := t.get(ctx)
	if err != nil {
		return nil, err
	}
	begin := func(text string) (grpc.ClientStream, error) {
		return open(withToken(ctx, text), desc, conn, method, options...)
	}
	call, err := begin(text)
	if err != nil || desc.ClientStreams {
		return call, err
	}
	return &renewedStream{ClientStream: call, again: func() (grpc.ClientStream, error) {
		if text = t.another(ctx, text); text == "" {
			return nil, nil
		}
		return begin(text)
	}}, nil
}

// renewedStream is a streamed answer that begins once more if the gateway refuses its token before it sends
// anything.
type renewedStream struct {
	grpc.ClientStream
	again   func() (grpc.ClientStream, error) // nil once something came
	request any
}

func (r *renewedStream) SendMsg(message any) error {
	r.request = message
	return r.ClientStream.SendMsg(message)
}

func (r *renewedStream) RecvMsg(message any) error {
	again := r.again
	r.again = nil
	err := r.ClientStream.RecvMsg(message)
	if again == nil || status.Code(err) != codes.Unauthenticated {
		r.request = nil
		return err
	}
	call, failed := again()
	if call == nil || failed != nil {
		return err
	}
	r.ClientStream = call
	proto.Reset(message.(proto.Message))
	if failed = call.SendMsg(r.request); failed == nil {
		failed = call.CloseSend()
	}
	if failed != nil {
		return failed
	}
	return call.RecvMsg(message)
}
