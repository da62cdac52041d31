// Recursion here follows policy content, never the stream; Value::From bounds its depth.
#include "yaml/render.hpp"

#include "yaml/scalar.hpp"

namespace cloudlab::yaml {
namespace {

/// A key, or the text of a String.
void AppendText(const std::string& text, bool json, std::string& out) {
  if (!json && IsPlainSafe(text)) {
    out += text;
  } else {
    out += DoubleQuoted(text);
  }
}

void AppendFlow(const Value& value, bool json, std::string& out) {
  if (value.kind() == Value::Kind::kLiteral) {
    out += value.text();
    return;
  }
  if (value.IsScalar()) {
    AppendText(value.text(), json, out);
    return;
  }
  out += value.IsMap() ? '{' : '[';
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ", ";
    first = false;
  };
  for (const auto& [key, child] : value.entries()) {
    separate();
    AppendText(key, json, out);
    out += ": ";
    AppendFlow(child, json, out);
  }
  for (const Value& item : value.items()) {
    separate();
    AppendFlow(item, json, out);
  }
  out += value.IsMap() ? '}' : ']';
}

/// True if the character that begins at `at`, beyond ASCII, is one that every reader of YAML
/// prints: no control character, no line break, no byte order mark.
bool IsPrintable(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const bool control =
      rest.starts_with('\xC2') && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0;
  return !control && !rest.starts_with("\xE2\x80\xA8") && !rest.starts_with("\xE2\x80\xA9") &&
         !rest.starts_with("\xEF\xBB\xBF") && !rest.starts_with("\xEF\xBF\xBE") &&
         !rest.starts_with("\xEF\xBF\xBF");
}

/// True if a literal block scalar shows `text` exactly and no reader stumbles over it.
bool IsLiteralSafe(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.ends_with("\n\n")) return false;
  if (text.front() == ' ' || text.front() == '\n') return false;
  char previous = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0x7F || (byte < 0x20 && c != '\n')) return false;
    if (byte > 0x7F && !IsPrintable(text, at)) return false;
    if (c == '\n' && previous == ' ') return false;
    previous = c;
  }
  return previous != ' ';
}

void RenderLiteral(std::string_view text, std::uint32_t indent, const Layout& layout,
                   std::string& out) {
  out.append(text.ends_with('\n') ? " |" : " |-").append(layout.newline);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) out.append(indent, ' ').append(text.substr(at, end - at));
    out.append(layout.newline);
    at = end + 1;
  }
}

}  // namespace

std::string RenderFlow(const Value& value, bool json) {
  std::string out;
  AppendFlow(value, json, out);
  return out;
}

void RenderBlockValue(const Value& value, std::uint32_t indent, const Layout& layout,
                      std::string& out) {
  if (layout.literals && value.kind() == Value::Kind::kString && IsLiteralSafe(value.text())) {
    RenderLiteral(value.text(), indent + layout.step, layout, out);
  } else if (value.IsScalar() || value.IsEmptyCollection()) {
    out += ' ';
    AppendFlow(value, /*json=*/false, out);
    out += layout.newline;
  } else if (value.IsMap()) {
    out.append(layout.newline);
    RenderBlockEntries(value, indent + layout.step, layout, out);
  } else {
    out.append(layout.newline);
    const std::uint32_t dashes = indent + (layout.indent_sequences ? layout.step : 0);
    for (const Value& item : value.items()) RenderBlockItem(item, dashes, layout, out);
  }
}

void RenderBlockEntries(const Value& value, std::uint32_t indent, const Layout& layout,
                        std::string& out) {
  for (const auto& [key, child] : value.entries()) {
    out.append(indent, ' ');
    AppendText(key, /*json=*/false, out);
    out += ':';
    RenderBlockValue(child, indent, layout, out);
  }
}

void RenderBlockItem(const Value& item, std::uint32_t indent, const Layout& layout,
                     std::string& out) {
  if (item.IsScalar() || item.IsEmptyCollection()) {
    out.append(indent, ' ').append("-");
    RenderBlockValue(item, indent, layout, out);
    return;
  }
  // A compact collection: its first line stands behind the dash.
  const std::size_t line = out.size();
  if (item.IsMap()) {
    RenderBlockEntries(item, indent + 2, layout, out);
  } else {
    for (const Value& nested : item.items()) RenderBlockItem(nested, indent + 2, layout, out);
  }
  out[line + indent] = '-';
}

std::string RenderDocument(const Value& value, std::string_view newline) {
  constexpr std::size_t kUsualSize = 1024;
  std::string out;
  out.reserve(kUsualSize);
  Layout layout;
  layout.newline = newline;
  RenderBlockEntries(value, 0, layout, out);
  return out;
}

}  // namespace cloudlab::yaml
