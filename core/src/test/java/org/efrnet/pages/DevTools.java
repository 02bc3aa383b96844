package org.efrnet.pages;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.efrnet.images.Picture;
import org.efrnet.images.Pictures;
import org.efrnet.images.ReadOptions;

/**
 * A page that a test acts upon as a person would, in headless Chromium, by its DevTools protocol: a
 * mouse, keys, dropped files, windows of any size. Tests that use it are skipped where there is no
 * browser, except in CI. It sees this machine alone.
 */
public final class DevTools implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long MOST_SECONDS = 30;

  private final Process browser;
  private final WebSocket socket;
  private final AtomicInteger count = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();

  private DevTools(Process browser, URI page) {
    this.browser = browser;
    this.socket =
        HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(page, new Listener()).join();
  }

  /**
   * Starts a browser with an empty page.
   *
   * @param dir for the browser's files; it is there
   * @param options of the browser
   */
  public static DevTools open(Path dir, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Browser.requireChromium().toString());
    command.addAll(
        List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--remote-debugging-port=0",
            "--remote-allow-origins=*",
            "--user-data-dir=" + dir.resolve("profile"),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--disable-background-networking",
            "--window-size=1280,900"));
    command.addAll(List.of(options));
    command.add("about:blank");
    Process browser =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("browser.txt").toFile())
            .start();
    try {
      return new DevTools(browser, page(dir.resolve("profile/DevToolsActivePort"), browser));
    } catch (Exception | AssertionError e) {
      end(browser);
      throw e;
    }
  }

  private static URI page(Path portFile, Process browser) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    HttpClient client = HttpClient.newHttpClient();
    while (System.nanoTime() < end && browser.isAlive()) {
      List<String> lines = Files.exists(portFile) ? Files.readAllLines(portFile) : List.of();
      if (lines.size() >= 2) {
        HttpRequest list =
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + lines.get(0) + "/json/list"))
                .build();
        String text = client.send(list, HttpResponse.BodyHandlers.ofString()).body();
        for (JsonNode target : MAPPER.readTree(text)) {
          if (target.path("type").asText().equals("page")) {
            return URI.create(target.path("webSocketDebuggerUrl").asText());
          }
        }
      }
      Thread.sleep(50);
    }
    throw new IOException("the browser opened no page");
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        message(text.toString());
        text.setLength(0);
      }
      webSocket.request(1);
      return null;
    }
  }

  private void message(String text) {
    JsonNode message;
    try {
      message = MAPPER.readTree(text);
    } catch (IOException e) {
      throw new IllegalStateException(text, e);
    }
    if (message.has("id")) {
      Optional.ofNullable(calls.remove(message.get("id").asInt()))
          .ifPresent(call -> call.complete(message));
    } else if (message.path("method").asText().equals("Runtime.exceptionThrown")) {
      complaints.add(message.at("/params/exceptionDetails").toString());
    } else if (message.path("method").asText().equals("Log.entryAdded")
        && message.at("/params/entry/level").asText().equals("error")) {
      complaints.add(
          message.at("/params/entry/text").asText()
              + " "
              + message.at("/params/entry/url").asText());
    }
  }

  /** Exceptions of scripts, requests that failed or were forbidden, since {@link #show}. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private JsonNode call(String method, ObjectNode params) throws Exception {
    int id = count.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    calls.put(id, answer);
    ObjectNode call = object().put("id", id).put("method", method);
    call.set("params", params);
    socket.sendText(call.toString(), true).get(MOST_SECONDS, TimeUnit.SECONDS);
    JsonNode message = answer.get(MOST_SECONDS, TimeUnit.SECONDS);
    assertThat(message.has("error")).as("%s: %s", method, message).isFalse();
    return message.get("result");
  }

  /** Goes to an address and waits until it is loaded. */
  public void show(String address) throws Exception {
    call("Page.enable", object());
    call("Runtime.enable", object());
    call("Log.enable", object());
    complaints.clear();
    call("Page.navigate", object().put("url", address));
    waitFor("location.href !== 'about:blank' && document.readyState === 'complete'");
  }

  /** What an expression of JavaScript gives; promises are waited for. */
  public JsonNode evaluate(String expression) throws Exception {
    JsonNode result =
        call(
            "Runtime.evaluate",
            object()
                .put("expression", expression)
                .put("awaitPromise", true)
                .put("returnByValue", true)
                .put("userGesture", true));
    assertThat(result.has("exceptionDetails")).as("%s: %s", expression, result).isFalse();
    return result.path("result").path("value");
  }

  /** Waits until an expression of JavaScript is true. */
  public void waitFor(String expression) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    while (!evaluate("Boolean(" + expression + ")").asBoolean()) {
      assertThat(System.nanoTime()).as("%s; %s", expression, complaints).isLessThan(end);
      Thread.sleep(30);
    }
  }

  /** The window's size; a phone's at a width below 600. */
  public void resize(int width, int height) throws Exception {
    call(
        "Emulation.setDeviceMetricsOverride",
        object()
            .put("width", width)
            .put("height", height)
            .put("deviceScaleFactor", 1)
            .put("mobile", width < 600));
  }

  /** Whether the person prefers dark pages. */
  public void dark(boolean dark) throws Exception {
    ObjectNode params = object();
    params
        .putArray("features")
        .addObject()
        .put("name", "prefers-color-scheme")
        .put("value", dark ? "dark" : "light");
    call("Emulation.setEmulatedMedia", params);
  }

  /** Moves the mouse, in the window's pixels. */
  public void point(double x, double y) throws Exception {
    call("Input.dispatchMouseEvent", object().put("type", "mouseMoved").put("x", x).put("y", y));
  }

  /** Presses and lets go a key that is no letter, such as {@code Tab} or {@code ArrowLeft}. */
  public void press(String key) throws Exception {
    int code =
        switch (key) {
          case "Tab" -> 9;
          case "Enter" -> 13;
          case " " -> 32;
          case "ArrowLeft" -> 37;
          case "ArrowRight" -> 39;
          default -> throw new IllegalArgumentException(key);
        };
    for (String type : List.of("keyDown", "keyUp")) {
      ObjectNode event =
          object()
              .put("type", type)
              .put("key", key)
              .put("code", key.equals(" ") ? "Space" : key)
              .put("windowsVirtualKeyCode", code);
      if (type.equals("keyDown") && (key.equals(" ") || key.equals("Enter"))) {
        event.put("text", key.equals(" ") ? " " : "\r");
      }
      call("Input.dispatchKeyEvent", event);
    }
  }

  /** Drops a file somewhere, in the window's pixels. */
  public void drop(Path file, double x, double y) throws Exception {
    for (String type : List.of("dragEnter", "dragOver", "drop")) {
      ObjectNode params = object().put("type", type).put("x", x).put("y", y);
      ObjectNode data = params.putObject("data").put("dragOperationsMask", 1);
      data.putArray("items");
      data.putArray("files").add(file.toAbsolutePath().normalize().toString());
      call("Input.dispatchDragEvent", params);
    }
  }

  /** Chooses a file in the input that a selector finds. */
  public void choose(String selector, Path file) throws Exception {
    int root = call("DOM.getDocument", object()).at("/root/nodeId").asInt();
    int node =
        call("DOM.querySelector", object().put("nodeId", root).put("selector", selector))
            .path("nodeId")
            .asInt();
    ObjectNode params = object().put("nodeId", node);
    params.putArray("files").add(file.toAbsolutePath().normalize().toString());
    call("DOM.setFileInputFiles", params);
  }

  /** The window as it looks, the bytes of a PNG file. */
  public byte[] screenshot() throws Exception {
    String data =
        call("Page.captureScreenshot", object().put("format", "png")).path("data").asText();
    return Base64.getDecoder().decode(data.getBytes(StandardCharsets.US_ASCII));
  }

  /** The window as it looks. */
  public Picture picture() throws Exception {
    return Pictures.read(screenshot(), "screenshot", ReadOptions.DEFAULT);
  }

  @Override
  public void close() throws Exception {
    socket.abort();
    end(browser);
  }

  private static void end(Process browser) throws InterruptedException {
    browser.descendants().forEach(ProcessHandle::destroyForcibly);
    browser.destroyForcibly().waitFor();
  }
}
