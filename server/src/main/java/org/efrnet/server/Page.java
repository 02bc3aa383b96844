package org.efrnet.server;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import org.efrnet.text.Sha256;

/** The files that a browser shows, out of this program's own jar. */
final class Page {
  /**
   * Nothing from elsewhere, nothing inline, no frame around it: whatever a file's name or a model's
   * says, the page runs its own script alone.
   */
  static final String POLICY =
      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  /** Paths, and where and what they are. */
  static final Map<String, Page> ALL =
      Map.of(
          "/", of("index.html", "text/html; charset=utf-8"),
          "/style.css", of("style.css", "text/css; charset=utf-8"),
          "/page.js", of("page.js", "text/javascript; charset=utf-8"),
          "/icon.svg", of("icon.svg", "image/svg+xml"),
          "/sample.jpg", of("street.jpg", "image/jpeg"),
          "/openapi.json", of("../openapi.json", "application/json"));

  private final byte[] bytes;
  private final String mediaType;
  private final String tag;

  private Page(byte[] bytes, String mediaType) {
    this.bytes = bytes;
    this.mediaType = mediaType;
    this.tag = '"' + Sha256.of(bytes).substring(0, 32) + '"';
  }

  private static Page of(String file, String mediaType) {
    String resource = file.startsWith("../") ? file.substring(3) : "page/" + file;
    try (InputStream in = Page.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not in this program's jar; build it anew");
      }
      return new Page(in.readAllBytes(), mediaType);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void serve(Context ctx) {
    ctx.header("Cache-Control", "no-cache");
    ctx.header("ETag", tag);
    if (tag.equals(ctx.header("If-None-Match"))) {
      ctx.status(304);
      return;
    }
    ctx.contentType(mediaType);
    ctx.result(bytes);
  }
}
