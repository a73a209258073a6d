package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.ringmain.v1.FunctionTool;
import io.ringmain.v1.ImageDetail;
import io.ringmain.v1.Media;
import io.ringmain.v1.Message;
import io.ringmain.v1.Role;
import io.ringmain.v1.ToolCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Media from files and into them, and what goes into messages. */
class MediaTest {
  @TempDir Path folder;

  private static Media png(String data) {
    return Media.newBuilder()
        .setMimeType("image/png")
        .setData(ByteString.copyFromUtf8(data))
        .build();
  }

  private List<Path> files() throws IOException {
    try (var files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  /**
   * A picture is written whole, with the usual suffix, over what was there, and nothing else is
   * left.
   */
  @Test
  void saving() throws IOException {
    Path first = MediaFiles.save(png("one"), folder.resolve("picture"));
    assertEquals(folder.resolve("picture.png").toAbsolutePath(), first);
    MediaFiles.save(png("two"), folder.resolve("picture.png"));
    assertEquals("two", Files.readString(first));
    assertEquals(List.of(first), files());
  }

  /** What cannot be written leaves nothing behind. */
  @Test
  void savingInVain() throws IOException {
    Path occupied = Files.createDirectories(folder.resolve("picture.png/inside")).getParent();
    assertThrows(IOException.class, () -> MediaFiles.save(png("one"), occupied));
    Media elsewhere = MediaFiles.at("https://example.org/a.png");
    assertThrows(IOException.class, () -> MediaFiles.save(elsewhere, folder.resolve("a.png")));
    assertEquals(List.of(occupied), files());
  }

  /** A file is read with its name, and the type that its name tells. */
  @Test
  void reading() throws IOException {
    Path file = Files.writeString(folder.resolve("a.png"), "png");
    Media media = MediaFiles.read(file);
    assertEquals("image/png", media.getMimeType());
    assertEquals("a.png", media.getFilename());
    assertEquals("png", media.getData().toStringUtf8());
    assertEquals(
        "", MediaFiles.read(Files.writeString(folder.resolve("b.zzz"), "?")).getMimeType());
  }

  /** Messages have their roles and parts. */
  @Test
  void messages() {
    Message user = Messages.user("What is this?", png("x"));
    assertEquals(Role.ROLE_USER, user.getRole());
    assertEquals("What is this?", user.getParts(0).getText());
    assertTrue(user.getParts(1).hasMedia());
    assertEquals(Role.ROLE_SYSTEM, Messages.system("Be brief.").getRole());
    assertEquals(Role.ROLE_ASSISTANT, Messages.assistant("Hello!").getRole());
    ToolCall call = ToolCall.newBuilder().setToolCallId("c").build();
    Message result = Messages.toolResult(call, "21 degrees");
    assertEquals(Role.ROLE_TOOL, result.getRole());
    assertEquals("c", result.getParts(0).getToolResult().getToolCallId());
    assertTrue(Messages.toolFailure(call, "no").getParts(0).getToolResult().getFailed());
    Message closely =
        Messages.user(
            Messages.text("What is this?"),
            Messages.image(png("x"), ImageDetail.IMAGE_DETAIL_HIGH));
    assertEquals(ImageDetail.IMAGE_DETAIL_HIGH, closely.getParts(1).getImageDetail());
    assertEquals(user.getParts(0), closely.getParts(0));
  }

  /** Tools are functions, or what the provider runs. */
  @Test
  void tools() {
    FunctionTool function = Messages.tool("t", "does", "{}").getFunction();
    assertEquals("{}", function.getParametersSchemaJson());
    assertFalse(function.hasStrict());
    assertTrue(Messages.strictTool("t", "does", "{}").getFunction().getStrict());
    assertEquals(
        "example.com", Messages.webSearch("example.com").getWebSearch().getAllowedDomains(0));
    assertTrue(Messages.codeExecution().hasCodeExecution());
  }
}
