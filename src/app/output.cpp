#include "app/output.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "kube/install_order.hpp"
#include "yaml/bytes.hpp"
#include "yaml/render.hpp"

namespace cloudlab::app {
namespace {

constexpr std::string_view kSourceComment = "# Source: ";
constexpr std::string_view kMarker = "---";

/// The kinds of the stream in order, each with the part that it stands in. Hooks are run by Helm
/// apart from the others and do not take part.
struct Ranks {
  std::vector<std::string_view> kinds;
  std::vector<std::size_t> parts;
};

Ranks RanksOf(const kube::Index& index) {
  Ranks ranks;
  for (const kube::Manifest& manifest : index.manifests()) {
    if (manifest.hook || manifest.in_list) continue;
    ranks.kinds.push_back(manifest.id.kind);
    ranks.parts.push_back(manifest.document);
  }
  return ranks;
}

/// The comment line above the content that says which template the document comes from, or nothing.
std::string_view SourceLine(const Document& of) {
  const std::string_view document =
      of.slice().text.substr(0, of.input().empty() ? 0 : of.input().node(0).value.begin);
  std::size_t at = document.starts_with(kSourceComment) ? 0 : document.find("\n# Source: ");
  if (at == std::string_view::npos) return {};
  if (document[at] == '\n') ++at;
  std::string_view line = document.substr(at, document.find('\n', at) - at);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view NewlineOf(std::string_view text) {
  const std::size_t newline = text.find('\n');
  return newline != std::string_view::npos && newline > 0 && text[newline - 1] == '\r' ? "\r\n"
                                                                                       : "\n";
}

/// `content` with the filename annotation of its parent.
yaml::Value Annotated(yaml::Value content, const std::string& filename) {
  yaml::Value& metadata = *content.Find("metadata");
  yaml::Value* annotations = metadata.Find("annotations");
  if (annotations == nullptr) annotations = &metadata.Put("annotations", yaml::Value::Map());
  annotations->Put(std::string(kube::kFilenameAnnotation), yaml::Value::String(filename));
  return content;
}

/// The documents that take part, and every object last of its kind.
std::vector<Part> InOrder(kube::InstallOrder order, const Ranks& ranks,
                          const std::vector<const policy::NewObject*>& objects) {
  std::map<std::string_view, std::vector<const policy::NewObject*>> of_kind;
  for (const policy::NewObject* object : objects) of_kind[object->id.kind].push_back(object);
  std::vector<std::string_view> kinds;
  for (const auto& [kind, unused] : of_kind) kinds.push_back(kind);
  std::ranges::sort(kinds, [order](std::string_view a, std::string_view b) {
    return kube::InstallsBefore(order, a, b);
  });
  std::vector<Part> parts;
  std::size_t done = 0;
  const auto add_until = [&](std::size_t end) {
    for (; done < end; ++done) parts.push_back({ranks.parts[done], nullptr});
  };
  for (const std::string_view kind : kinds) {
    add_until(kube::InstallPlace(order, ranks.kinds, kind));
    for (const auto* object : of_kind[kind]) parts.push_back({0, object});
  }
  add_until(ranks.parts.size());
  return parts;
}

/// True if the last line is not closed and closing it would change what a reader gets: the text of
/// a block scalar would gain a line feed.
bool HasOpenText(const Document& document) {
  if (document.text().empty() || document.text().ends_with('\n')) return false;
  const auto& nodes = document.current().nodes();
  return std::ranges::any_of(nodes, [&](const yaml::Node& node) {
    const bool block = node.style == yaml::Style::kLiteral || node.style == yaml::Style::kFolded;
    return block && node.value.end == document.text().size();
  });
}

/// Nothing can stand behind a document with an open text: what would, goes before it.
void KeepOpenTextLast(const Documents& documents, std::vector<Part>& parts) {
  const auto last = std::ranges::find_if(parts.rbegin(), parts.rend(),
                                         [](const Part& part) { return part.object == nullptr; });
  if (last == parts.rbegin() || last == parts.rend() || !HasOpenText(documents[last->document])) {
    return;
  }
  std::rotate(last.base() - 1, last.base(), parts.end());
}

/// What the output may take, with a marker line before every part.
std::size_t MostBytes(const Documents& documents, const std::vector<Part>& parts,
                      std::string_view newline) {
  std::size_t most = 0;
  for (const Part& part : parts) {
    const std::string_view text =
        part.object == nullptr ? documents[part.document].text() : *part.object->text;
    most += kMarker.size() + newline.size() + text.size();
  }
  return most;
}

}  // namespace

void WriteObject(std::string_view input, const Documents& documents, const kube::Index& index,
                 policy::NewObject& object) {
  const std::string_view newline = NewlineOf(input);
  std::string head = std::string(kMarker).append(newline);
  const std::string_view source = SourceLine(documents[object.parent_document]);
  if (!source.empty()) head.append(source).append(newline);
  const kube::Manifest* parent = index.Find(object.parent);
  const std::string filename =
      parent == nullptr ? std::string() : parent->Annotation(kube::kFilenameAnnotation);
  const std::string body = filename.empty()
                               ? yaml::RenderDocument(object.content, newline)
                               : yaml::RenderDocument(Annotated(object.content, filename), newline);
  // No larger than it must be: there are thousands.
  const auto text = std::make_shared<std::string>();
  text->reserve(head.size() + body.size());
  text->append(head).append(body);
  object.text = text;
}

std::vector<Part> Arrange(const Documents& documents, const kube::Index& index,
                          const std::vector<const policy::NewObject*>& objects) {
  const Ranks ranks = RanksOf(index);
  const auto order = kube::FindInstallOrder(ranks.kinds);
  // behind[i]: what follows document i, where no order is to be kept.
  std::vector<std::vector<const policy::NewObject*>> behind(documents.size());
  if (!order) {
    for (const auto* object : objects) behind[object->parent_document].push_back(object);
  }
  const std::vector<Part> ranked =
      order ? InOrder(*order, ranks, objects) : InOrder(kube::InstallOrder::kHelm3, ranks, {});
  // Documents keep their places; ranked objects follow the document that they stand behind.
  std::vector<bool> is_ranked(documents.size(), false);
  for (const std::size_t part : ranks.parts) is_ranked[part] = true;
  std::vector<Part> parts;
  parts.reserve(documents.size() + objects.size());
  std::size_t next = 0;
  const auto add_ranked = [&] {
    for (; next < ranked.size() && ranked[next].object != nullptr; ++next) {
      parts.push_back(ranked[next]);
    }
  };
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (is_ranked[i]) add_ranked();  // Only what stands before every other object.
    parts.push_back({i, nullptr});
    if (is_ranked[i]) {
      ++next;
      add_ranked();
    }
    for (const auto* object : behind[i]) parts.push_back({0, object});
  }
  add_ranked();
  KeepOpenTextLast(documents, parts);
  return parts;
}

Output Assemble(std::string_view input, const Documents& documents,
                const std::vector<Part>& parts) {
  Output output;
  const std::string_view newline = NewlineOf(input);
  output.text.reserve(MostBytes(documents, parts, newline));
  // A byte order mark is the stream's: it stays in front if the document behind it does not.
  const auto leaves = [&](const Part& part) {
    return part.object == nullptr && documents[part.document].leaves();
  };
  const auto first = std::ranges::find_if_not(parts, leaves);
  const bool moves = input.starts_with(yaml::kByteOrderMark) && first != parts.end() &&
                     (first->object != nullptr || first->document != 0);
  const std::size_t mark = moves ? yaml::kByteOrderMark.size() : 0;
  if (moves) {
    output.text += yaml::kByteOrderMark;
    output.copied.push_back({0, 0, mark});
  }
  bool marker_needed = false;  // Behind a new object the next document must begin with a marker.
  for (const Part& part : parts) {
    if (part.object != nullptr) {
      if (output.text.size() > mark && !output.text.ends_with('\n')) output.text.append(newline);
      output.objects.push_back({output.text.size(), part.object});
      output.text += *part.object->text;
      marker_needed = true;
      continue;
    }
    if (leaves(part)) continue;
    const Document& document = documents[part.document];
    const std::size_t skip = part.document == 0 ? mark : 0;
    const std::string_view text = document.text().substr(skip);
    if (marker_needed && !text.starts_with(kMarker)) output.text.append(kMarker).append(newline);
    marker_needed = false;
    for (const text::Piece& piece : document.kept()) {
      const std::size_t cut = piece.to < skip ? skip - piece.to : 0;
      output.copied.push_back({document.slice().offset + piece.from + cut,
                               output.text.size() + piece.to + cut - skip, piece.size - cut});
    }
    output.text += text;
  }
  return output;
}

}  // namespace cloudlab::app
