package ringmain

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// streamWindow bounds what gRPC reads ahead of a slow reader; an explicit size switches off the estimation
// that would grow it to megabytes.
const streamWindow = 256 << 10

// services are those whose calls may be repeated. AdminService is not among them.
var services = []string{
	"ringmain.v1.AudioService",
	"ringmain.v1.ChatService",
	"ringmain.v1.EmbeddingService",
	"ringmain.v1.ImageService",
	"ringmain.v1.ModelService",
	"ringmain.v1.UsageService",
	"ringmain.v1.VisionService",
	"grpc.health.v1.Health",
}

func connect(target string, s *settings) (*grpc.ClientConn, error) {
	if s.maxAttempts < 1 || s.maxAttempts > 5 {
		return nil, fmt.Errorf("ringmain: max attempts must be 1 to 5, not %d", s.maxAttempts)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(s.credentials),
		grpc.WithUserAgent("ringmain-go"),
		grpc.WithDefaultServiceConfig(serviceConfig(s.maxAttempts, s.waitForReady)),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(responseLimit),
			grpc.MaxCallSendMsgSize(s.maxMessageBytes),
			// What is kept for a repeat: a request with images is more than the 256 KiB that gRPC keeps.
			grpc.MaxRetryRPCBufferSize(s.maxMessageBytes),
		),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(4 * streamWindow),
		grpc.WithChainUnaryInterceptor(s.unary),
		grpc.WithChainStreamInterceptor(s.stream),
	}
	options = append(options, s.dialOptions...)
	if s.tokens != nil { // after the caller's interceptors, so that those see one call where there are two
		options = append(options,
			grpc.WithChainUnaryInterceptor(s.tokens.unary), grpc.WithChainStreamInterceptor(s.tokens.stream))
	}
	return grpc.NewClient(target, options...)
}

// serviceConfig returns the service config: balancing over all addresses, and retries while it is safe.
//
// gRPC repeats a call only as long as nothing of an answer has arrived. retryThrottling stops repeats when
// most calls fail, so that an outage is not multiplied.
// https://github.com/grpc/proposal/blob/master/A6-client-retries.md
func serviceConfig(maxAttempts int, waitForReady bool) string {
	names := make([]map[string]string, len(services))
	for i, service := range services {
		names[i] = map[string]string{"service": service}
	}
	method := map[string]any{"name": names}
	if waitForReady {
		method["waitForReady"] = true
	}
	if maxAttempts > 1 {
		method["retryPolicy"] = map[string]any{
			"maxAttempts":          maxAttempts,
			"initialBackoff":       "0.1s",
			"maxBackoff":           "2s",
			"backoffMultiplier":    2,
			"retryableStatusCodes": []string{"UNAVAILABLE"},
		}
	}
	config, err := json.Marshal(map[string]any{
		"loadBalancingConfig": []any{map[string]any{"round_robin": map[string]any{}}},
		"methodConfig":        []any{method},
		"retryThrottling":     map[string]any{"maxTokens": 10, "tokenRatio": 0.1},
	})
	if err != nil {
		panic(err) // Maps of strings and numbers always have a JSON form.
	}
	return string(config)
}

// outgoing returns the context of a call: with the client's metadata, and with its timeout unless the caller
// has a deadline.
func (s *settings) outgoing(ctx context.Context) (context.Context, context.CancelFunc) {
	if len(s.metadata) > 0 {
		ctx = metadata.AppendToOutgoingContext(ctx, s.metadata...)
	}
	if _, has := ctx.Deadline(); s.timeout <= 0 || has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.timeout)
}

func (s *settings) unary(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	ctx, cancel := s.outgoing(ctx)
	defer cancel()
	return errorOf(invoke(ctx, method, request, reply, conn, options...))
}

func (s *settings) stream(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	ctx, cancel := s.outgoing(ctx)
	opened, err := open(ctx, desc, conn, method, options...)
	if err != nil {
		cancel()
		return nil, errorOf(err)
	}
	return &translatedStream{opened, cancel}, nil
}

// translatedStream tells errors as [*Error], and frees the call's timer when it ends.
type translatedStream struct {
	grpc.ClientStream
	cancel context.CancelFunc
}

func (t *translatedStream) RecvMsg(message any) error {
	err := t.ClientStream.RecvMsg(message)
	if err != nil {
		t.cancel()
	}
	return errorOf(err)
}

func (t *translatedStream) SendMsg(message any) error {
	return errorOf(t.ClientStream.SendMsg(message))
}

func (t *translatedStream) Header() (metadata.MD, error) {
	header, err := t.ClientStream.Header()
	return header, errorOf(err)
}
