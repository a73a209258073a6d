package main

import (
	"context"
	"fmt"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// call begins the call that a case asks for.
func call(
	ctx context.Context, client *ringmain.Client, asked *question, answered *answer, options ...grpc.CallOption,
) (messages, error) {
	switch asked.Method {
	case "Chat":
		return unary(asked, func(request *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
			return answered.keep(client.Chat(ctx, request, options...))
		})
	case "StreamChat":
		return streamed(asked, func(request *ringmainv1.ChatRequest) iter.Seq2[*ringmainv1.ChatEvent, error] {
			answered.stream = client.Stream(ctx, request, options...)
			return answered.stream.Events()
		})
	case "CountTokens":
		return unary(asked, func(request *ringmainv1.CountTokensRequest) (*ringmainv1.CountTokensResponse, error) {
			return client.CountTokens(ctx, request.GetChat(), options...)
		})
	case "AnalyzeImages":
		return unary(asked, func(request *ringmainv1.AnalyzeImagesRequest) (*ringmainv1.ChatResponse, error) {
			return answered.keep(client.AnalyzeImages(ctx, request, options...))
		})
	case "StreamAnalyzeImages":
		return streamed(asked, func(request *ringmainv1.AnalyzeImagesRequest) iter.Seq2[*ringmainv1.ChatEvent, error] {
			answered.stream = client.StreamAnalyzeImages(ctx, request, options...)
			return answered.stream.Events()
		})
	case "GenerateImages":
		return unary(asked, func(request *ringmainv1.GenerateImagesRequest) (*ringmainv1.GenerateImagesResponse, error) {
			return client.GenerateImages(ctx, request, options...)
		})
	case "StreamImages":
		return streamed(asked, func(request *ringmainv1.StreamImagesRequest) iter.Seq2[*ringmainv1.ImageEvent, error] {
			return client.StreamImages(ctx, request, options...).Events()
		})
	case "Embed":
		return unary(asked, func(request *ringmainv1.EmbedRequest) (*ringmainv1.EmbedResponse, error) {
			return client.Embed(ctx, request, options...)
		})
	case "ListModels":
		return unary(asked, func(request *ringmainv1.ListModelsRequest) (*ringmainv1.ListModelsResponse, error) {
			return client.ModelService.ListModels(ctx, request, options...)
		})
	case "GetServerInfo":
		return unary(asked, func(request *ringmainv1.GetServerInfoRequest) (*ringmainv1.GetServerInfoResponse, error) {
			return client.ModelService.GetServerInfo(ctx, request, options...)
		})
	}
	return nil, fmt.Errorf("no such method: %s", asked.Method)
}

// keep keeps a chat's answer, if there is one.
func (a *answer) keep(chat ringmain.Answer, err error) (*ringmainv1.ChatResponse, error) {
	if err == nil {
		a.chat = &chat
	}
	return chat.ChatResponse, err
}

// message is a pointer to T that is a message of the contract.
type message[T any] interface {
	*T
	proto.Message
}

func parse[T any, P message[T]](asked *question) (P, error) {
	request := P(new(T))
	return request, proto.Unmarshal(asked.Request, request)
}

func unary[Req, Res any, PReq message[Req], PRes message[Res]](
	asked *question, send func(PReq) (PRes, error),
) (messages, error) {
	request, err := parse[Req, PReq](asked)
	if err != nil {
		return nil, err
	}
	return func(yield func(proto.Message, error) bool) {
		response, err := send(request)
		yield(response, err)
	}, nil
}

func streamed[Req, Event any, PReq message[Req], PEvent message[Event]](
	asked *question, begin func(PReq) iter.Seq2[PEvent, error],
) (messages, error) {
	request, err := parse[Req, PReq](asked)
	if err != nil {
		return nil, err
	}
	return func(yield func(proto.Message, error) bool) {
		for event, err := range begin(request) {
			if !yield(event, err) {
				return
			}
		}
	}, nil
}
