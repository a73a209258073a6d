package fake

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

var errNoScript = status.Error(codes.Unimplemented, "the fake has no script for this method")

func unary[Req, Res any](script func(Req) (Res, error), request Req) (Res, error) {
	if script == nil {
		var none Res
		return none, errNoScript
	}
	return script(request)
}

func streamed[Req, Stream any](script func(Req, Stream) error, request Req, stream Stream) error {
	if script == nil {
		return errNoScript
	}
	return script(request, stream)
}

// Chat answers by OnChat.
func (g *Gateway) Chat(ctx context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
	if g.OnChat == nil {
		return nil, errNoScript
	}
	return g.OnChat(ctx, r)
}

// StreamChat answers by OnStream.
func (g *Gateway) StreamChat(r *ringmainv1.ChatRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
	return streamed(g.OnStream, r, s)
}

// CountTokens answers by OnCountTokens.
func (g *Gateway) CountTokens(_ context.Context, r *ringmainv1.CountTokensRequest) (*ringmainv1.CountTokensResponse, error) {
	return unary(g.OnCountTokens, r)
}

// EstimateCost answers by OnEstimateCost.
func (g *Gateway) EstimateCost(_ context.Context, r *ringmainv1.EstimateCostRequest) (*ringmainv1.EstimateCostResponse, error) {
	return unary(g.OnEstimateCost, r)
}

// AnalyzeImages answers by OnAnalyze.
func (g *Gateway) AnalyzeImages(_ context.Context, r *ringmainv1.AnalyzeImagesRequest) (*ringmainv1.ChatResponse, error) {
	return unary(g.OnAnalyze, r)
}

// StreamAnalyzeImages answers by OnStreamAnalyze.
func (g *Gateway) StreamAnalyzeImages(r *ringmainv1.AnalyzeImagesRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
	return streamed(g.OnStreamAnalyze, r, s)
}

// GenerateImages answers by OnGenerate.
func (g *Gateway) GenerateImages(_ context.Context, r *ringmainv1.GenerateImagesRequest) (*ringmainv1.GenerateImagesResponse, error) {
	return unary(g.OnGenerate, r)
}

// StreamImages answers by OnStreamImages.
func (g *Gateway) StreamImages(r *ringmainv1.StreamImagesRequest, s grpc.ServerStreamingServer[ringmainv1.ImageEvent]) error {
	return streamed(g.OnStreamImages, r, s)
}

// Embed answers by OnEmbed.
func (g *Gateway) Embed(_ context.Context, r *ringmainv1.EmbedRequest) (*ringmainv1.EmbedResponse, error) {
	return unary(g.OnEmbed, r)
}

// ListModels answers by OnListModels.
func (g *Gateway) ListModels(_ context.Context, r *ringmainv1.ListModelsRequest) (*ringmainv1.ListModelsResponse, error) {
	return unary(g.OnListModels, r)
}

// GetModel answers by OnGetModel.
func (g *Gateway) GetModel(_ context.Context, r *ringmainv1.GetModelRequest) (*ringmainv1.GetModelResponse, error) {
	return unary(g.OnGetModel, r)
}

// GetServerInfo answers by OnServerInfo.
func (g *Gateway) GetServerInfo(_ context.Context, r *ringmainv1.GetServerInfoRequest) (*ringmainv1.GetServerInfoResponse, error) {
	return unary(g.OnServerInfo, r)
}
