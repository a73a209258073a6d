package io.ringmain;

import io.ringmain.v1.ChatEvent;
import io.ringmain.v1.ChatFinished;
import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.PartDelta;
import io.ringmain.v1.Role;
import io.ringmain.v1.Route;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Folds the events of a stream into the answer that Chat would have given. {@link ChatStream} has
 * one; it is public for those who take events from {@link RingmainClient#publishChat}. Not for
 * several threads at once.
 */
public final class AnswerFold {
  private final ChatResponse.Builder head = ChatResponse.newBuilder();
  private final Map<Integer, Growing> parts = new TreeMap<>();
  private boolean finished;

  /** Starts with nothing. */
  public AnswerFold() {}

  /**
   * Takes the next event. Kinds of event and delta newer than this client are skipped.
   *
   * @return what the event shows a reader; empty if nothing
   */
  public Optional<Delta> add(ChatEvent event) {
    Delta shown =
        switch (event.getEventCase()) {
          case STARTED -> {
            head.setResponseId(event.getStarted().getResponseId());
            yield servedBy(
                event.getStarted().getProviderId(), event.getStarted().getProviderModel());
          }
          case PART_STARTED -> {
            Part opening = event.getPartStarted().getPart();
            parts.put(event.getPartStarted().getIndex(), new Growing(opening));
            yield Delta.of(opening);
          }
          case PART_DELTA -> grow(event.getPartDelta());
          case RECOVERED -> {
            servedBy(event.getRecovered().getProviderId(), event.getRecovered().getProviderModel());
            yield event.getRecovered().getContentDiscarded() ? discard() : Delta.NOTHING;
          }
          case FINISHED -> finish(event.getFinished());
          case PART_FINISHED, EVENT_NOT_SET -> Delta.NOTHING;
        };
    return shown.equals(Delta.NOTHING) ? Optional.empty() : Optional.of(shown);
  }

  /** Whether the last event has come. */
  public boolean finished() {
    return finished;
  }

  /** The answer so far, which is the whole one once {@link #finished}. */
  public Answer answer() {
    Message.Builder message = Message.newBuilder().setRole(Role.ROLE_ASSISTANT);
    parts.values().forEach(part -> message.addParts(part.whole()));
    return new Answer(head.clone().setMessage(message).build());
  }

  private Delta servedBy(String provider, String model) {
    head.setRoute(Route.newBuilder().setProviderId(provider).setProviderModel(model));
    return Delta.NOTHING;
  }

  /** Appends to a part. One whose opening was not seen is of the kind of its first delta. */
  private Delta grow(PartDelta delta) {
    Growing part =
        parts.computeIfAbsent(delta.getIndex(), absent -> new Growing(Growing.emptyFor(delta)));
    part.append(delta);
    return Delta.of(delta, part.opening());
  }

  private Delta discard() {
    parts.clear();
    return Delta.DISCARDED;
  }

  private Delta finish(ChatFinished end) {
    finished = true;
    head.setFinishReason(end.getFinishReason()).clearUsage().clearRoute().clearSafetyRatings();
    head.addAllSafetyRatings(end.getSafetyRatingsList());
    if (end.hasUsage()) {
      head.setUsage(end.getUsage());
    }
    if (end.hasRoute()) {
      head.setRoute(end.getRoute());
    }
    return Delta.NOTHING;
  }
}
