package ringmain

import (
	"maps"
	"slices"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// fold folds the events of a stream into the answer that Chat would have given.
type fold struct {
	responseID string
	route      *ringmainv1.Route
	parts      map[int32]*growing
	end        *ringmainv1.ChatFinished
}

// add takes the next event. Kinds of event newer than this client are skipped.
func (f *fold) add(event *ringmainv1.ChatEvent) {
	switch event := event.GetEvent().(type) {
	case *ringmainv1.ChatEvent_Started:
		f.responseID = event.Started.GetResponseId()
		f.servedBy(event.Started.GetProviderId(), event.Started.GetProviderModel())
	case *ringmainv1.ChatEvent_PartStarted:
		f.begin(event.PartStarted.GetIndex(), event.PartStarted.GetPart())
	case *ringmainv1.ChatEvent_PartDelta:
		f.grow(event.PartDelta)
	case *ringmainv1.ChatEvent_Recovered:
		f.servedBy(event.Recovered.GetProviderId(), event.Recovered.GetProviderModel())
		if event.Recovered.GetContentDiscarded() {
			clear(f.parts)
		}
	case *ringmainv1.ChatEvent_Finished:
		f.end = event.Finished
		f.route = event.Finished.GetRoute()
	}
}

func (f *fold) servedBy(provider, model string) {
	f.route = &ringmainv1.Route{ProviderId: provider, ProviderModel: model}
}

func (f *fold) begin(index int32, part *ringmainv1.Part) *growing {
	if f.parts == nil {
		f.parts = make(map[int32]*growing)
	}
	f.parts[index] = newGrowing(part)
	return f.parts[index]
}

// grow appends to a part. A part whose opening was not seen is of the kind of its first delta.
func (f *fold) grow(delta *ringmainv1.PartDelta) {
	part := f.parts[delta.GetIndex()]
	if part == nil {
		part = f.begin(delta.GetIndex(), emptyFor(delta))
	}
	part.append(delta)
}

// answer returns the answer so far, which is the whole one once the end was added.
func (f *fold) answer() Answer {
	message := &ringmainv1.Message{Role: ringmainv1.Role_ROLE_ASSISTANT}
	for _, index := range slices.Sorted(maps.Keys(f.parts)) {
		message.Parts = append(message.Parts, f.parts[index].whole())
	}
	return Answer{&ringmainv1.ChatResponse{
		ResponseId:    f.responseID,
		Message:       message,
		FinishReason:  f.end.GetFinishReason(),
		SafetyRatings: f.end.GetSafetyRatings(),
		Usage:         f.end.GetUsage(),
		Route:         f.route,
	}}
}
