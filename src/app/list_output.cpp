#include "app/list_output.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/file_notes.hpp"
#include "yaml/render.hpp"

namespace cloudlab::app {
namespace {

constexpr std::string_view kDefaultGlue = ", ";

/// The text of an object as an item of a block sequence whose dashes stand at `column`.
std::string Indented(std::string_view text, std::uint32_t column) {
  text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);  // Its marker.
  std::string item;
  bool begun = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const bool is_blank = line.find_first_not_of("\r\n") == std::string_view::npos;
    const bool is_comment = !begun && line.starts_with('#');
    if (!is_blank) item.append(column, ' ');
    if (!is_blank && !is_comment) item += begun ? "  " : "- ";
    item += line;
    begun = begun || !is_comment;
  }
  return item;
}

/// An object with what tells its host where it belongs.
yaml::Value Noted(std::string_view text, const FileNotes& notes) {
  const yaml::ScanResult scan = yaml::Scan(text);
  yaml::Value content = yaml::Value::From(yaml::NodeView::Root(scan.outline));
  if (notes.empty()) return content;
  yaml::Value& metadata = *content.Find("metadata");
  yaml::Value* annotations = metadata.Find("annotations");
  if (annotations == nullptr) annotations = &metadata.Put("annotations", yaml::Value::Map());
  for (const auto& [key, value] : notes) annotations->Put(key, yaml::Value::String(value));
  return content;
}

/// True if the list is JSON: its keys stand in double quotes.
bool IsJson(const kube::KrmList& list) {
  const auto entries = list.root().children();
  return !entries.empty() && (*entries.begin()).node().key_style == yaml::Style::kDouble;
}

bool Leaves(const Part& part, const Documents& documents) {
  return part.object == nullptr && documents[part.document].leaves();
}

class Assembly {
 public:
  Assembly(std::string_view input, const kube::KrmList& list, const Documents& documents)
      : input_(input), list_(list), documents_(documents) {}

  Output Run(const std::vector<Part>& parts, const std::vector<FileNotes>& notes) {
    output_.text.reserve(input_.size() + input_.size() / 4);
    const auto& slices = list_.slices();
    if (slices.empty()) return WithoutItems();
    const bool is_empty =
        std::ranges::all_of(parts, [this](const Part& part) { return Leaves(part, documents_); });
    const std::size_t first = slices.front().offset;
    const std::size_t tail = slices.back().offset + slices.back().text.size();
    if (is_empty) {
      Empty(first, tail);
      return std::move(output_);
    }
    Copy(0, first);
    std::size_t object = 0;
    for (const Part& part : parts) {
      if (Leaves(part, documents_)) continue;
      Separate(part);
      if (part.object == nullptr) {
        Add(documents_[part.document]);
      } else {
        Add(*part.object, notes[object++]);
      }
    }
    if (tail < input_.size()) EndLine();
    Copy(tail, input_.size());
    return std::move(output_);
  }

 private:
  void Copy(std::size_t begin, std::size_t end) {
    if (begin == end) return;
    output_.copied.push_back({begin, output_.text.size(), end - begin});
    output_.text += input_.substr(begin, end - begin);
  }

  /// All items leave. Of a block sequence nothing at all would be left, which is a null; between
  /// brackets there may be a last comma. Comments above the first item stay.
  void Empty(std::size_t first, std::size_t tail) {
    const yaml::NodeView items = list_.items();
    const std::size_t colon = input_.find(':', list_.offset() + items.node().key.end) + 1;
    Copy(0, colon);
    output_.text += " []";
    if (list_.is_flow()) {
      Copy(list_.offset() + items.node().value.end, input_.size());
      return;
    }
    if (items.node().has_property) {
      output_.text += '\n';
    } else {
      Copy(colon, first);
    }
    Copy(tail, input_.size());
  }

  Output WithoutItems() {
    const yaml::NodeView items = list_.items();
    if (items && !items.IsNull()) {
      Copy(0, input_.size());  // `items: []`.
    } else if (items) {
      const yaml::Span value = items.node().value;
      const std::size_t begin = list_.offset() + value.begin;
      Copy(0, begin);
      output_.text += value.empty() ? " []" : "[]";
      Copy(begin + value.size(), input_.size());
    } else {
      const std::size_t begin = FieldsBegin();
      Copy(0, begin);
      output_.text += list_.root().IsFlow() ? R"("items": [], )" : "items: []" + NextField();
      Copy(begin, input_.size());
    }
    return std::move(output_);
  }

  std::size_t FieldsBegin() const {
    return list_.offset() + (*list_.root().children().begin()).node().key.begin;
  }
  std::string NextField() const { return "\n" + std::string(list_.root().node().indent, ' '); }

  void EndLine() {
    if (!list_.is_flow() && !output_.text.ends_with('\n')) output_.text += '\n';
  }

  void Separate(const Part& part) {
    if (!list_.is_flow()) {
      EndLine();
    } else if (count_++ > 0) {
      output_.text += GlueBefore(part);
    }
    if (part.object == nullptr) last_document_ = part.document;
  }

  void Add(const Document& document) {
    for (const text::Piece& piece : document.kept()) {
      output_.copied.push_back(
          {document.slice().offset + piece.from, output_.text.size() + piece.to, piece.size});
    }
    output_.text += document.text();
  }

  void Add(const policy::NewObject& object, const FileNotes& notes) {
    output_.objects.push_back({output_.text.size(), &object});
    const std::uint32_t column = list_.items().node().indent;
    if (list_.is_flow()) {
      output_.text += yaml::RenderFlow(Noted(*object.text, notes), IsJson(list_));
    } else if (notes.empty()) {
      output_.text += Indented(*object.text, column);
    } else {
      yaml::RenderBlockItem(Noted(*object.text, notes), column, {}, output_.text);
    }
  }

  /// What stands in front of a value: the input's own bytes, comments among them, where it followed
  /// the last of its values there.
  std::string_view GlueBefore(const Part& part) const {
    const auto& slices = list_.slices();
    const auto between = [&](std::size_t i) {
      const std::size_t end = slices[i].offset + slices[i].text.size();
      return input_.substr(end, slices[i + 1].offset - end);
    };
    if (part.object == nullptr && last_document_ && *last_document_ + 1 == part.document) {
      return between(*last_document_);
    }
    return kDefaultGlue;
  }

  std::string_view input_;
  const kube::KrmList& list_;
  const Documents& documents_;
  Output output_;
  std::size_t count_ = 0;
  std::optional<std::size_t> last_document_;
};

/// Every document, and behind each the objects that were made for it. Behind a last line without an
/// end nothing can stand that would not change a text that goes on to there.
std::vector<Part> Arrange(const kube::KrmList& list, const Documents& documents,
                          const std::vector<const policy::NewObject*>& objects) {
  std::vector<std::vector<const policy::NewObject*>> made(documents.size());
  for (const policy::NewObject* object : objects) made[object->parent_document].push_back(object);
  std::vector<Part> parts;
  parts.reserve(documents.size() + objects.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const bool is_open =
        !list.is_flow() && i + 1 == documents.size() && !documents[i].text().ends_with('\n');
    if (!is_open) parts.push_back({i, nullptr});
    for (const policy::NewObject* object : made[i]) parts.push_back({0, object});
    if (is_open) parts.push_back({i, nullptr});
  }
  return parts;
}

/// For a list that has results: those come first. What stands behind the items is found from the
/// end, for only items are edited.
std::string WithMoreResults(std::string text, std::size_t input_size, const kube::KrmList& list,
                            const yaml::Value& results) {
  const yaml::NodeView earlier = list.results();
  yaml::Value all = yaml::Value::From(earlier.Resolved());
  if (!all.IsSeq()) all = yaml::Value::Seq();
  for (const yaml::Value& result : results.items()) all.Append(result);
  const bool is_behind = !list.items() || list.items().id() < earlier.id();
  const std::size_t shift = is_behind ? text.size() - input_size : 0;
  const std::size_t colon = text.find(':', list.offset() + earlier.node().key.end + shift);
  const std::size_t end = list.offset() + earlier.node().value.end + shift;
  const std::string_view newline = text[end - 1] == '\n' ? "\n" : "";
  return text.replace(colon, end - colon,
                      ": " + yaml::RenderFlow(all, /*json=*/true).append(newline));
}

}  // namespace

Output AssembleItems(std::string_view input, const kube::KrmList& list, const Documents& documents,
                     const kube::Index& index,
                     const std::vector<const policy::NewObject*>& objects) {
  const std::vector<Part> parts = Arrange(list, documents, objects);
  std::vector<const policy::NewObject*> in_order;
  for (const Part& part : parts) {
    if (part.object != nullptr) in_order.push_back(part.object);
  }
  return Assembly(input, list, documents).Run(parts, NotesFor(in_order, index));
}

std::string WithResults(std::string text, std::size_t input_size, const kube::KrmList& list,
                        const yaml::Value& results) {
  if (results.items().empty()) return text;
  if (list.results()) return WithMoreResults(std::move(text), input_size, list, results);
  yaml::Value fields;
  fields.Put("results", results);
  const yaml::NodeView root = list.root();
  const yaml::NodeView next = list.items() ? list.items() : *root.children().begin();
  const std::size_t begin = list.offset() + next.node().key.begin;
  if (root.IsFlow()) {
    const std::string flow = yaml::RenderFlow(fields, /*json=*/true);
    return text.insert(begin, flow.substr(1, flow.size() - 2) + ", ");
  }
  const std::uint32_t indent = root.node().indent;
  std::string lines;
  yaml::RenderBlockEntries(fields, indent, {}, lines);
  return text.insert(begin, lines.substr(indent) + std::string(indent, ' '));
}

std::string EmptyList(const yaml::Value& results) {
  yaml::Value list;
  list.Put("apiVersion", yaml::Value::String(std::string(kube::kResourceListVersion)));
  list.Put("kind", yaml::Value::String("ResourceList"));
  list.Put("items", yaml::Value::Seq());
  if (!results.items().empty()) list.Put("results", results);
  return yaml::RenderDocument(list);
}

}  // namespace cloudlab::app
