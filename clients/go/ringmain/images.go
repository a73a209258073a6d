package ringmain

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"google.golang.org/grpc"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// AnalyzeImages answers a question about images.
func (c *Client) AnalyzeImages(
	ctx context.Context, request *ringmainv1.AnalyzeImagesRequest, options ...grpc.CallOption,
) (Answer, error) {
	response, err := c.VisionService.AnalyzeImages(ctx, withModel(request, c.model), options...)
	return Answer{response}, err
}

// StreamAnalyzeImages answers a question about images as it is written.
func (c *Client) StreamAnalyzeImages(
	ctx context.Context, request *ringmainv1.AnalyzeImagesRequest, options ...grpc.CallOption,
) *Stream {
	request = withModel(request, c.model)
	return &Stream{events: receive(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[ringmainv1.ChatEvent], error) {
		return c.VisionService.StreamAnalyzeImages(ctx, request, options...)
	})}
}

// GenerateImages draws images and returns them whole; see [Save].
func (c *Client) GenerateImages(
	ctx context.Context, request *ringmainv1.GenerateImagesRequest, options ...grpc.CallOption,
) (*ringmainv1.GenerateImagesResponse, error) {
	return c.ImageService.GenerateImages(ctx, withModel(request, c.model), options...)
}

// StreamImages draws or changes images, with previews and bytes as they come. The request must name its model.
func (c *Client) StreamImages(
	ctx context.Context, request *ringmainv1.StreamImagesRequest, options ...grpc.CallOption,
) *ImageStream {
	return &ImageStream{events: receive(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[ringmainv1.ImageEvent], error) {
		return c.ImageService.StreamImages(ctx, request, options...)
	})}
}

// An ImageStream is images being made. Range once over Events: the call begins with the loop, and leaving the
// loop cancels it.
type ImageStream struct {
	events iter.Seq2[*ringmainv1.ImageEvent, error]
	images map[int32]*ringmainv1.GeneratedImage
	end    *ringmainv1.ImageFinished
}

// Events yields the events of the contract. After an error, which is an [*Error], nothing follows.
func (s *ImageStream) Events() iter.Seq2[*ringmainv1.ImageEvent, error] {
	return func(yield func(*ringmainv1.ImageEvent, error) bool) {
		for event, err := range s.events {
			if err != nil {
				yield(nil, err)
				return
			}
			s.add(event)
			if !yield(event, nil) {
				return
			}
		}
		if s.end == nil {
			yield(nil, endedEarly())
		}
	}
}

func (s *ImageStream) add(event *ringmainv1.ImageEvent) {
	switch event := event.GetEvent().(type) {
	case *ringmainv1.ImageEvent_Chunk:
		s.append(event.Chunk)
	case *ringmainv1.ImageEvent_Finished:
		s.finish(event.Finished)
	}
}

func (s *ImageStream) at(index int32) *ringmainv1.GeneratedImage {
	if s.images == nil {
		s.images = make(map[int32]*ringmainv1.GeneratedImage)
	}
	if s.images[index] == nil {
		s.images[index] = &ringmainv1.GeneratedImage{Media: ImageData(nil)}
	}
	return s.images[index]
}

func (s *ImageStream) append(chunk *ringmainv1.ImageChunk) {
	media := s.at(chunk.GetImageIndex()).GetMedia()
	if media.MimeType == "" {
		media.MimeType = chunk.GetMimeType()
	}
	inline := media.Source.(*ringmainv1.Media_Data)
	inline.Data = append(inline.Data, chunk.GetData()...)
}

func (s *ImageStream) finish(end *ringmainv1.ImageFinished) {
	s.end = end
	for _, said := range end.GetImages() {
		image := s.at(said.GetImageIndex())
		image.RevisedPrompt, image.Note = said.GetRevisedPrompt(), said.GetNote()
	}
}

// Images reads what is left of the stream and returns the images, as GenerateImages would have.
func (s *ImageStream) Images() ([]*ringmainv1.GeneratedImage, error) {
	if s.end == nil {
		for _, err := range s.Events() {
			if err != nil {
				return nil, err
			}
		}
	}
	images := make([]*ringmainv1.GeneratedImage, 0, len(s.images))
	for _, index := range slices.Sorted(maps.Keys(s.images)) {
		images = append(images, s.images[index])
	}
	return images, nil
}

// Finished returns the last event, with usage and route, once the loop has come to its end without an error.
func (s *ImageStream) Finished() (*ringmainv1.ImageFinished, error) {
	if s.end == nil {
		return nil, errors.New("ringmain: the images are not complete")
	}
	return s.end, nil
}
