// Package fake is a scripted gateway on a real socket, for tests.
package fake

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// A Gateway answers as its functions say. A method without a function is UNIMPLEMENTED.
type Gateway struct {
	ringmainv1.UnimplementedChatServiceServer
	ringmainv1.UnimplementedVisionServiceServer
	ringmainv1.UnimplementedImageServiceServer
	ringmainv1.UnimplementedEmbeddingServiceServer
	ringmainv1.UnimplementedModelServiceServer

	OnChat          func(context.Context, *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error)
	OnStream        func(*ringmainv1.ChatRequest, grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error
	OnCountTokens   func(*ringmainv1.CountTokensRequest) (*ringmainv1.CountTokensResponse, error)
	OnEstimateCost  func(*ringmainv1.EstimateCostRequest) (*ringmainv1.EstimateCostResponse, error)
	OnAnalyze       func(*ringmainv1.AnalyzeImagesRequest) (*ringmainv1.ChatResponse, error)
	OnStreamAnalyze func(*ringmainv1.AnalyzeImagesRequest, grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error
	OnGenerate      func(*ringmainv1.GenerateImagesRequest) (*ringmainv1.GenerateImagesResponse, error)
	OnStreamImages  func(*ringmainv1.StreamImagesRequest, grpc.ServerStreamingServer[ringmainv1.ImageEvent]) error
	OnEmbed         func(*ringmainv1.EmbedRequest) (*ringmainv1.EmbedResponse, error)
	OnListModels    func(*ringmainv1.ListModelsRequest) (*ringmainv1.ListModelsResponse, error)
	OnGetModel      func(*ringmainv1.GetModelRequest) (*ringmainv1.GetModelResponse, error)
	OnServerInfo    func(*ringmainv1.GetServerInfoRequest) (*ringmainv1.GetServerInfoResponse, error)
}

// Start serves the gateway until the test ends, and returns its address.
func Start(t testing.TB, gateway *Gateway, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append([]grpc.ServerOption{grpc.MaxRecvMsgSize(64 << 20)}, options...)...)
	ringmainv1.RegisterChatServiceServer(server, gateway)
	ringmainv1.RegisterVisionServiceServer(server, gateway)
	ringmainv1.RegisterImageServiceServer(server, gateway)
	ringmainv1.RegisterEmbeddingServiceServer(server, gateway)
	ringmainv1.RegisterModelServiceServer(server, gateway)
	healthv1.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// Text returns the events of an answer that comes in these pieces.
func Text(pieces ...string) []*ringmainv1.ChatEvent {
	events := []*ringmainv1.ChatEvent{
		{Event: &ringmainv1.ChatEvent_Started{Started: &ringmainv1.ChatStarted{
			ResponseId: "r-1", ProviderId: "fake", ProviderModel: "model-1",
		}}},
		{Event: &ringmainv1.ChatEvent_PartStarted{PartStarted: &ringmainv1.PartStarted{
			Part: &ringmainv1.Part{Content: &ringmainv1.Part_Text{}},
		}}},
	}
	for _, piece := range pieces {
		events = append(events, Delta(&ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Text{Text: piece}}))
	}
	return append(events, Finished())
}

// Delta returns the event of a part that grows.
func Delta(delta *ringmainv1.PartDelta) *ringmainv1.ChatEvent {
	return &ringmainv1.ChatEvent{Event: &ringmainv1.ChatEvent_PartDelta{PartDelta: delta}}
}

// Finished returns the event that ends an answer.
func Finished() *ringmainv1.ChatEvent {
	cost := int64(1_500_000)
	return &ringmainv1.ChatEvent{Event: &ringmainv1.ChatEvent_Finished{Finished: &ringmainv1.ChatFinished{
		FinishReason: ringmainv1.FinishReason_FINISH_REASON_STOP,
		Usage:        &ringmainv1.Usage{InputTokenCount: 3, OutputTokenCount: 5, CostNanoUsd: &cost},
		Route:        &ringmainv1.Route{ProviderId: "fake", ProviderModel: "model-1"},
	}}}
}

// Send sends events.
func Send[T any](stream grpc.ServerStreamingServer[T], events ...*T) error {
	for _, event := range events {
		if err := stream.Send(event); err != nil {
			return err
		}
	}
	return nil
}
