package io.ringmain;

import com.google.protobuf.ByteString;
import io.ringmain.v1.GenerateImagesResponse;
import io.ringmain.v1.GeneratedImage;
import io.ringmain.v1.ImageChunk;
import io.ringmain.v1.ImageEvent;
import io.ringmain.v1.ImageFinished;
import io.ringmain.v1.Media;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Folds the events of streamed pictures into the response that GenerateImages would have given. */
public final class ImageFold {
  private final GenerateImagesResponse.Builder head = GenerateImagesResponse.newBuilder();
  private final Map<Integer, Pieces> pictures = new TreeMap<>();
  private ImageFinished end = ImageFinished.getDefaultInstance();
  private boolean finished;

  /** Starts with nothing. */
  public ImageFold() {}

  /**
   * Takes the next event.
   *
   * @return the picture that the event has completed; empty if none
   */
  public Optional<Media> add(ImageEvent event) {
    switch (event.getEventCase()) {
      case STARTED -> head.setResponseId(event.getStarted().getResponseId());
      case CHUNK -> {
        return append(event.getChunk());
      }
      case FINISHED -> {
        finished = true;
        end = event.getFinished();
      }
      case PREVIEW, EVENT_NOT_SET -> {}
    }
    return Optional.empty();
  }

  /** Whether the last event has come. */
  public boolean finished() {
    return finished;
  }

  /** The response so far, which is the whole one once {@link #finished}. */
  public GenerateImagesResponse response() {
    GenerateImagesResponse.Builder response = head.clone();
    pictures.forEach((index, picture) -> response.addImages(image(index, picture)));
    if (end.hasUsage()) {
      response.setUsage(end.getUsage());
    }
    if (end.hasRoute()) {
      response.setRoute(end.getRoute());
    }
    return response.build();
  }

  private Optional<Media> append(ImageChunk chunk) {
    Pieces picture = pictures.computeIfAbsent(chunk.getImageIndex(), absent -> new Pieces());
    picture.data = picture.data.concat(chunk.getData());
    if (!chunk.getMimeType().isEmpty()) {
      picture.mimeType = chunk.getMimeType();
    }
    return chunk.getLast() ? Optional.of(picture.media()) : Optional.empty();
  }

  private GeneratedImage image(int index, Pieces picture) {
    GeneratedImage.Builder image = GeneratedImage.newBuilder().setMedia(picture.media());
    end.getImagesList().stream()
        .filter(said -> said.getImageIndex() == index)
        .forEach(said -> image.setRevisedPrompt(said.getRevisedPrompt()).setNote(said.getNote()));
    return image.build();
  }

  private static final class Pieces {
    private String mimeType = "";
    private ByteString data = ByteString.EMPTY; // a rope: appending copies nothing

    Media media() {
      return Media.newBuilder().setMimeType(mimeType).setData(data).build();
    }
  }
}
