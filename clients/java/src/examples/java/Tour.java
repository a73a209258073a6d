import io.ringmain.ChatStream;
import io.ringmain.Delta;
import io.ringmain.MediaFiles;
import io.ringmain.Messages;
import io.ringmain.RingmainClient;
import io.ringmain.v1.GenerateImagesRequest;
import io.ringmain.v1.Media;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Streams an answer, draws a picture and saves it, and asks about it: {@code Tour [PICTURE
 * [CHAT_MODEL [IMAGE_MODEL]]]}.
 *
 * <p>Without arguments it uses the gateway's embedded sandbox; {@code RINGMAIN_TARGET} names
 * another gateway than {@code 127.0.0.1:50051}. It waits for one that is starting.
 */
public final class Tour {
  private Tour() {}

  /** Takes the tour. */
  public static void main(String[] arguments) throws IOException {
    Path picture = Path.of(argument(arguments, 0, "picture.png"));
    String imageModel = argument(arguments, 2, "sandbox/image");
    try (RingmainClient client =
        RingmainClient.builder()
            .model(argument(arguments, 1, "sandbox/chat"))
            .timeout(Duration.ofMinutes(5))
            .waitForReady(true)
            .build()) {
      streamChat(client);
      Path saved = draw(client.withModel(imageModel), picture);
      System.out.println("Saved " + saved);
      Media media = MediaFiles.read(saved);
      System.out.println(
          client.chat(Messages.chat(Messages.user("What is in this picture?", media))).text());
    }
  }

  private static void streamChat(RingmainClient client) {
    try (ChatStream stream = client.streamChat("What is a ring main?")) {
      for (Delta delta : stream) {
        System.out.print(delta.text());
        System.out.flush();
      }
      System.out.println("\n" + stream.answer().usage().getOutputTokenCount() + " tokens");
    }
  }

  private static Path draw(RingmainClient client, Path file) throws IOException {
    GenerateImagesRequest request =
        GenerateImagesRequest.newBuilder().setPrompt("A ring main at dusk").build();
    return MediaFiles.save(client.generateImages(request).getImages(0).getMedia(), file);
  }

  private static String argument(String[] arguments, int index, String otherwise) {
    return index < arguments.length ? arguments[index] : otherwise;
  }
}
