package io.ringmain;

import com.google.protobuf.ByteString;
import io.ringmain.v1.Media;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Objects;

/** Pictures, documents and recordings from files, and into them. */
public final class MediaFiles {
  private static final Map<String, String> SUFFIXES =
      Map.of(
          "image/png", ".png",
          "image/jpeg", ".jpg",
          "image/webp", ".webp",
          "audio/mpeg", ".mp3",
          "audio/wav", ".wav",
          "audio/ogg", ".ogg",
          "audio/flac", ".flac",
          "audio/aac", ".aac",
          "audio/pcm", ".pcm");

  private MediaFiles() {}

  /**
   * Reads a picture, document or recording. A type that its name does not tell is left to the
   * gateway to detect.
   *
   * @throws IOException the file cannot be read
   */
  public static Media read(Path file) throws IOException {
    String name = file.getFileName().toString();
    String type = Objects.requireNonNullElse(URLConnection.guessContentTypeFromName(name), "");
    ByteString data = ByteString.copyFrom(Files.readAllBytes(file));
    return Media.newBuilder().setData(data).setMimeType(type).setFilename(name).build();
  }

  /** Media at an https address, which the gateway fetches if it may, or hands on. */
  public static Media at(String uri) {
    return Media.newBuilder().setUri(uri).build();
  }

  /**
   * Writes media to a file that is there whole or not at all: whatever was there before stays until
   * then.
   *
   * @param media with its bytes in it
   * @param file where to; without a suffix, the usual one is added
   * @return where it is
   * @throws IOException it cannot be written
   */
  public static Path save(Media media, Path file) throws IOException {
    if (!media.hasData()) {
      throw new IOException("the media is not here but at " + media.getUri());
    }
    Path target = withSuffix(file.toAbsolutePath(), media.getMimeType());
    Path partial =
        Files.createTempFile(target.getParent(), "." + target.getFileName() + ".", ".partial");
    try {
      // A file of its own right has the permissions that the process gives to new ones; a temporary
      // one has not.
      Files.delete(partial);
      try (var out = Files.newOutputStream(partial)) {
        media.getData().writeTo(out);
      }
      return Files.move(
          partial, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static Path withSuffix(Path file, String mimeType) {
    String name = file.getFileName().toString();
    boolean has = name.lastIndexOf('.') > 0;
    return has ? file : file.resolveSibling(name + SUFFIXES.getOrDefault(mimeType, ""));
  }
}
