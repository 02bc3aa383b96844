package org.efrnet.pages;

import java.util.Locale;

/** Pages that need nothing but themselves: no script, no other file, no other host. */
public final class Html {
  /** Absent. */
  public static final String NONE = "\u2013";

  private static final String STYLE =
      """
      :root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--line:#e3e6ea;--text:#1f2430;
      --soft:#5b6470;--tint:#dbe9f6;--link:#0a5fa8}
      @media (prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1b1f24;--line:#2c3138;
      --text:#eceef1;--soft:#a9b1bc;--tint:#24405a;--link:#7cc0f5}}
      *{box-sizing:border-box}
      body{margin:0;background:var(--ground);color:var(--text);
      font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
      main{max-width:1180px;margin:0 auto;padding:28px 16px 48px}
      h1{font-size:26px;line-height:1.25;margin:0;overflow-wrap:anywhere}
      h2{font-size:17px;margin:32px 0 10px}
      h3{font-size:14px;font-weight:600;margin:18px 0 8px;color:var(--soft)}
      p{margin:6px 0}
      a{color:var(--link)}
      .soft{color:var(--soft)}
      .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px;
      margin:18px 0 0}
      .figures div{background:var(--card);border:1px solid var(--line);border-radius:8px;
      padding:9px 12px}
      .figures dt{font-size:13px;color:var(--soft)}
      .figures dd{margin:0;font-size:21px;font-weight:600;font-variant-numeric:tabular-nums}
      .figures small{display:block;font-size:12px;font-weight:400;color:var(--soft)}
      .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));
      gap:14px;align-items:start}
      .charts div{background:var(--card);border:1px solid var(--line);border-radius:8px;
      padding:8px}
      .charts svg{display:block;width:100%;height:auto}
      .scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);
      border-radius:8px}
      table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
      th,td{padding:6px 12px;text-align:right;border-top:1px solid var(--line)}
      thead th{border-top:0;font-size:13px;font-weight:600;color:var(--soft);vertical-align:bottom}
      th:first-child,td.text{text-align:left;font-weight:400}
      tr.all th,tr.all td{font-weight:600}
      td.bar{background:linear-gradient(to right,var(--tint) var(--part),transparent var(--part))}
      figure{margin:0 0 14px}
      figure img{display:block;max-width:100%;height:auto;border-radius:6px}
      figcaption{font-size:13px;color:var(--soft);overflow-wrap:anywhere}
      pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;
      overflow-x:auto;font:13px/1.45 ui-monospace,Consolas,monospace;margin:0}
      """;

  private Html() {}

  /**
   * A page.
   *
   * @param title plain text
   * @param reload whether it loads itself again every minute
   * @param body HTML
   */
  public static String page(String title, boolean reload, String body) {
    return page(title, reload, "", body);
  }

  /**
   * A page with rules of its own.
   *
   * @param title plain text
   * @param reload whether it loads itself again every minute
   * @param style CSS, behind that of all pages
   * @param body HTML
   */
  public static String page(String title, boolean reload, String style, String body) {
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        // Whatever a name or recipe holds, the page asks no host for anything.
        + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
        + " img-src data:; style-src 'unsafe-inline'\">\n"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        + (reload ? "<meta http-equiv=\"refresh\" content=\"60\">\n" : "")
        + "<link rel=\"icon\" href=\"data:,\">\n<title>"
        + escaped(title)
        + "</title>\n<style>\n"
        + STYLE
        + style
        + "</style>\n</head>\n<body>\n<main>\n"
        + body
        + "</main>\n</body>\n</html>\n";
  }

  /** Plain text as HTML, for elements and quoted attributes; control characters become spaces. */
  public static String escaped(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        default -> escaped.append(Character.isISOControl(c) && c != '\n' ? ' ' : c);
      }
    }
    return escaped.toString();
  }

  /** A figure on a card. */
  public static String figure(String name, String value, String remark) {
    return "<div><dt>"
        + escaped(name)
        + "</dt><dd>"
        + escaped(value)
        + (remark.isEmpty() ? "" : "<small>" + escaped(remark) + "</small>")
        + "</dd></div>\n";
  }

  /** A number with so many decimals; a dash if it is none. */
  public static String number(double value, int decimals) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%." + decimals + "f", value) : NONE;
  }

  /** A whole number in groups of three digits that stay on one line. */
  public static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value).replace(',', '\u00a0');
  }

  /** A table cell with a percentage and a bar as long as it. */
  public static String percentCell(double value) {
    return Double.isFinite(value)
        ? "<td class=\"bar\" style=\"--part:"
            + number(Math.max(0, Math.min(100, value)), 1)
            + "%\">"
            + number(value, 2)
            + "</td>"
        : "<td>" + NONE + "</td>";
  }
}
