package ringmain

import (
	"context"
	"iter"
	"os"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	adminv1 "github.com/ringmain/ringmain/clients/go/ringmain/admin/v1"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// A Client is a client of the gateway. Goroutines may share it.
type Client struct {
	// The contract's services as they were generated, over the client's connection.

	AudioService     ringmainv1.AudioServiceClient
	ChatService      ringmainv1.ChatServiceClient
	EmbeddingService ringmainv1.EmbeddingServiceClient
	ImageService     ringmainv1.ImageServiceClient
	ModelService     ringmainv1.ModelServiceClient
	UsageService     ringmainv1.UsageServiceClient
	VisionService    ringmainv1.VisionServiceClient
	AdminService     adminv1.AdminServiceClient
	HealthService    healthv1.HealthClient

	conn  *grpc.ClientConn
	model string
}

// New returns a client, which connects with its first call.
//
// The target is the gateway's address in any form that gRPC takes, such as host:port or dns:///gateway:50051.
// If it is empty, that is the environment's RINGMAIN_TARGET, else [DefaultTarget]. With several addresses
// behind one name, calls take turns among them.
func New(target string, options ...Option) (*Client, error) {
	if target == "" {
		target = os.Getenv(TargetVariable)
	}
	if target == "" {
		target = DefaultTarget
	}
	s := newSettings(options)
	conn, err := connect(target, s)
	if err != nil {
		return nil, err
	}
	return &Client{
		AudioService:     ringmainv1.NewAudioServiceClient(conn),
		ChatService:      ringmainv1.NewChatServiceClient(conn),
		EmbeddingService: ringmainv1.NewEmbeddingServiceClient(conn),
		ImageService:     ringmainv1.NewImageServiceClient(conn),
		ModelService:     ringmainv1.NewModelServiceClient(conn),
		UsageService:     ringmainv1.NewUsageServiceClient(conn),
		VisionService:    ringmainv1.NewVisionServiceClient(conn),
		AdminService:     adminv1.NewAdminServiceClient(conn),
		HealthService:    healthv1.NewHealthClient(conn),
		conn:             conn,
		model:            s.model,
	}, nil
}

// Conn returns the client's connection, for stubs of other services.
func (c *Client) Conn() *grpc.ClientConn { return c.conn }

// Close closes the connection and cancels what runs on it.
func (c *Client) Close() error { return c.conn.Close() }

// Chat returns the answer to a conversation.
func (c *Client) Chat(
	ctx context.Context, request *ringmainv1.ChatRequest, options ...grpc.CallOption,
) (Answer, error) {
	response, err := c.ChatService.Chat(ctx, withModel(request, c.model), options...)
	return Answer{response}, err
}

// Stream answers a conversation as it is written.
func (c *Client) Stream(
	ctx context.Context, request *ringmainv1.ChatRequest, options ...grpc.CallOption,
) *Stream {
	request = withModel(request, c.model)
	return &Stream{events: receive(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[ringmainv1.ChatEvent], error) {
		return c.ChatService.StreamChat(ctx, request, options...)
	})}
}

// CountTokens returns how many tokens a request has, without sending it to a model.
func (c *Client) CountTokens(
	ctx context.Context, request *ringmainv1.ChatRequest, options ...grpc.CallOption,
) (*ringmainv1.CountTokensResponse, error) {
	chat := withModel(request, c.model)
	return c.ChatService.CountTokens(ctx, &ringmainv1.CountTokensRequest{Chat: chat}, options...)
}

// EstimateCost returns what a request would cost at least and at most, without sending it to a model.
func (c *Client) EstimateCost(
	ctx context.Context, request *ringmainv1.ChatRequest, options ...grpc.CallOption,
) (*ringmainv1.EstimateCostResponse, error) {
	chat := withModel(request, c.model)
	return c.ChatService.EstimateCost(ctx, &ringmainv1.EstimateCostRequest{Chat: chat}, options...)
}

// Embed turns texts and media into vectors.
func (c *Client) Embed(
	ctx context.Context, request *ringmainv1.EmbedRequest, options ...grpc.CallOption,
) (*ringmainv1.EmbedResponse, error) {
	return c.EmbeddingService.Embed(ctx, withModel(request, c.model), options...)
}

// Models yields the models that have all of the given capabilities, by name. After an error nothing follows.
func (c *Client) Models(
	ctx context.Context, capabilities ...ringmainv1.Capability,
) iter.Seq2[*ringmainv1.Model, error] {
	return func(yield func(*ringmainv1.Model, error) bool) {
		for token := ""; ; {
			page, err := c.ModelService.ListModels(ctx, &ringmainv1.ListModelsRequest{
				Capabilities: capabilities, PageToken: token,
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, model := range page.GetModels() {
				if !yield(model, nil) {
					return
				}
			}
			if token = page.GetNextPageToken(); token == "" {
				return
			}
		}
	}
}

// Model returns one model.
func (c *Client) Model(ctx context.Context, name string) (*ringmainv1.Model, error) {
	response, err := c.ModelService.GetModel(ctx, &ringmainv1.GetModelRequest{Model: name})
	return response.GetModel(), err
}

// ServerInfo returns what server the gateway is, what it serves and how large a request may be.
func (c *Client) ServerInfo(ctx context.Context) (*ringmainv1.GetServerInfoResponse, error) {
	return c.ModelService.GetServerInfo(ctx, &ringmainv1.GetServerInfoRequest{})
}

// Health returns SERVING, NOT_SERVING or UNKNOWN, for the gateway, if service is empty, or for readiness,
// liveness or a service's full name.
func (c *Client) Health(ctx context.Context, service string) (string, error) {
	response, err := c.HealthService.Check(ctx, &healthv1.HealthCheckRequest{Service: service})
	return response.GetStatus().String(), err
}

// withModel returns the request with the model, unless it names one itself. The caller's request stays as it
// was, and its messages and media are shared, not copied.
func withModel[T interface {
	proto.Message
	GetModel() string
}](request T, model string) T {
	if model == "" || request.GetModel() != "" {
		return request
	}
	copied := request.ProtoReflect().New()
	request.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		copied.Set(field, value)
		return true
	})
	copied.Set(copied.Descriptor().Fields().ByName("model"), protoreflect.ValueOfString(model))
	return copied.Interface().(T)
}
