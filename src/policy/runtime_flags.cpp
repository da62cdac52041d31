#include "policy/runtime_flags.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace cloudlab::policy {
namespace {

constexpr std::int64_t kKi = 1024;
constexpr std::int64_t kMi = kKi * 1024;
constexpr std::int64_t kGi = kMi * 1024;
constexpr std::int64_t kTi = kGi * 1024;

/// Variables that JVMs and their usual start scripts read, weakest first. The command line stands
/// between the last two.
constexpr std::array<std::string_view, 8> kJavaVariables{
    "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS",       "JVM_OPTS",
    "CATALINA_OPTS",     "ES_JAVA_OPTS",     "KAFKA_HEAP_OPTS", "_JAVA_OPTIONS"};

/// The shares of the limit above which a setting leaves too little, and what a hint proposes, in
/// hundredths.
struct Shares {
  int most;
  int proposed;
};
constexpr Shares kHeap{.most = 85, .proposed = 75};
constexpr Shares kGo{.most = 95, .proposed = 90};
constexpr Shares kBuffers{.most = 40, .proposed = 25};

struct Unit {
  std::string_view text;
  std::int64_t bytes;
};
constexpr std::array<Unit, 9> kJavaUnits{{{"", 1},
                                          {"k", kKi},
                                          {"K", kKi},
                                          {"m", kMi},
                                          {"M", kMi},
                                          {"g", kGi},
                                          {"G", kGi},
                                          {"t", kTi},
                                          {"T", kTi}}};
constexpr std::array<Unit, 6> kGoUnits{
    {{"", 1}, {"B", 1}, {"KiB", kKi}, {"MiB", kMi}, {"GiB", kGi}, {"TiB", kTi}}};
/// A plain number counts blocks of 8 kB.
constexpr std::array<Unit, 6> kPostgresUnits{
    {{"", 8 * kKi}, {"B", 1}, {"kB", kKi}, {"MB", kMi}, {"GB", kGi}, {"TB", kTi}}};
constexpr std::array<Unit, 1> kNodeUnits{{{"", kMi}}};

/// The bytes that a number with one of `units` stands for; nothing for anything else.
std::optional<kube::Quantity> ParseSize(std::string_view text, std::span<const Unit> units) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  while (suffix.starts_with(' ')) suffix.remove_prefix(1);
  const auto unit = std::ranges::find(units, suffix, &Unit::text);
  std::int64_t bytes = 0;
  if (unit == units.end() || __builtin_mul_overflow(number, unit->bytes, &bytes)) {
    return std::nullopt;
  }
  return kube::Quantity::Parse(std::to_string(bytes));
}

/// A word of a command line or of a variable that holds options, without its quotes.
struct Word {
  std::string text;
  std::string where;  // "JAVA_TOOL_OPTIONS", "args".
  yaml::NodeView node;
  bool of_line = false;  // Stands on the command line.
};

/// Cuts `text` at blanks, as shells and option variables do; quotes are dropped.
void AddWords(const std::string& text, const std::string& where, yaml::NodeView node, bool of_line,
              std::vector<Word>& words) {
  std::string word;
  const auto finish = [&] {
    if (!word.empty())
      words.push_back({.text = word, .where = where, .node = node, .of_line = of_line});
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      finish();
    } else if (c != '"' && c != '\'') {
      word += c;
    }
  }
  finish();
}

/// True if `word` is nothing but a reference, which may hold any option.
bool IsReference(std::string_view word) { return word.starts_with('$'); }

/// A setting as the runtime will see it; without a value it cannot be judged.
template <typename T>
struct Setting {
  std::optional<T> value;
  Word word;
};

std::string Percent(const kube::Quantity& part, const kube::Quantity& whole) {
  const double share = static_cast<double>(part.Whole()) / static_cast<double>(whole.Whole());
  return std::to_string(std::llround(share * 100)) + " %";
}

class Check {
 public:
  explicit Check(const RuntimeSettings& settings) : settings_(settings) {}

  std::vector<RuntimeFinding> Run() {
    if (settings_.cpu_limit && !settings_.cpu_limit->IsZero()) CheckGoProcessors();
    if (settings_.memory_limit && settings_.memory_limit->Whole() > 0) {
      limit_ = *settings_.memory_limit;
      CheckJava();
      CheckGoMemory();
      CheckNode();
      CheckPostgres();
    }
    return std::move(findings_);
  }

 private:
  /// The words of variable `name`, or of the command line if it is empty. A value from elsewhere
  /// is a reference.
  std::vector<Word> WordsOf(std::string_view name) const {
    std::vector<Word> words;
    if (name.empty()) {
      for (const PlacedText& word : settings_.words) {
        AddWords(word.text, word.node ? std::string(word.node.parent().Key()) : "args", word.node,
                 true, words);
      }
      return words;
    }
    const EnvironmentValue* variable = FindVariable(name);
    if (variable != nullptr) {
      AddWords(variable->value.value_or("$"), variable->name, variable->node, false, words);
    }
    return words;
  }

  /// Of variables of one name the last counts, as the kubelet has it.
  const EnvironmentValue* FindVariable(std::string_view name) const {
    const EnvironmentValue* found = nullptr;
    for (const EnvironmentValue& variable : settings_.environment) {
      if (variable.name == name) found = &variable;
    }
    return found;
  }

  std::vector<Word> JavaWords() const {
    std::vector<Word> words;
    const auto add = [&](std::string_view name) {
      for (Word& word : WordsOf(name)) words.push_back(std::move(word));
    };
    for (const std::string_view name : kJavaVariables) {
      if (name == kJavaVariables.back()) add({});
      add(name);
    }
    return words;
  }

  void CheckJava() {
    std::optional<Setting<kube::Quantity>> heap;
    std::optional<Setting<double>> share;
    for (Word& word : JavaWords()) {
      const std::string_view text = word.text;
      if (IsReference(text)) {
        // It may name another heap. One of the variables above does not: it was read already.
        if (word.of_line && NamesJavaVariable(text)) continue;
        heap = {.value = {}, .word = {}};
        share = {.value = {}, .word = {}};
        continue;
      }
      for (const std::string_view prefix : {"-Xmx", "-XX:MaxHeapSize="}) {
        if (!text.starts_with(prefix)) continue;
        heap = {.value = ParseSize(text.substr(prefix.size()), kJavaUnits), .word = word};
      }
      constexpr std::string_view kShare = "-XX:MaxRAMPercentage=";
      if (text.starts_with(kShare)) {
        share = {.value = ParseShare(text.substr(kShare.size())), .word = word};
      }
    }
    if (heap) {
      if (heap->value) CheckHeap(*heap);
    } else if (share && share->value) {
      CheckShare(*share);
    }
  }

  static bool NamesJavaVariable(std::string_view reference) {
    std::string name;
    for (const char c : reference) {
      if (c != '$' && c != '(' && c != ')' && c != '{' && c != '}') name += c;
    }
    return std::ranges::find(kJavaVariables, name) != kJavaVariables.end();
  }

  static std::optional<double> ParseShare(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || !std::isfinite(value) || value < 0) return std::nullopt;
    return value;
  }

  void CheckHeap(const Setting<kube::Quantity>& heap) {
    const std::string room = "; metaspace, threads and buffers come on top";
    Judge(heap, kHeap, room, "write -Xmx" + Mebibytes(kHeap.proposed) + "m");
  }

  void CheckShare(const Setting<double>& share) {
    // A JVM with less than about 250 MiB goes by MinRAMPercentage instead.
    if (limit_.Whole() < 250 * kMi || *share.value <= kHeap.most) return;
    Add(share.word,
        share.word.text + " in " + share.word.where + " gives the heap more than " +
            std::to_string(kHeap.most) + " % of limits.memory " + limit_.Print() +
            "; metaspace, threads and buffers come on top",
        "write -XX:MaxRAMPercentage=" + std::to_string(kHeap.proposed));
  }

  void CheckGoMemory() {
    const EnvironmentValue* variable = FindVariable("GOMEMLIMIT");
    if (variable == nullptr || !variable->value) return;
    Setting<kube::Quantity> setting{
        .value = ParseSize(*variable->value, kGoUnits),
        .word = {.text = "GOMEMLIMIT=" + *variable->value, .where = "env", .node = variable->node}};
    if (!setting.value) return;
    Judge(setting, kGo, "; memory that the runtime does not manage comes on top",
          "write " + Mebibytes(kGo.proposed) + "MiB");
  }

  void CheckGoProcessors() {
    const EnvironmentValue* variable = FindVariable("GOMAXPROCS");
    if (variable == nullptr || !variable->value) return;
    std::int64_t processors = 0;
    const std::string& text = *variable->value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), processors);
    if (error != std::errc() || end != text.data() + text.size()) return;
    const std::int64_t fitting = settings_.cpu_limit->Whole();
    if (processors <= fitting) return;
    const Word word{.text = "GOMAXPROCS=" + text, .where = "env", .node = variable->node};
    Add(word,
        word.text + " in env is more than limits.cpu " + settings_.cpu_limit->Print() +
            " lets run at once; the threads throttle one another",
        "write " + std::to_string(fitting) + ", or remove it: Go 1.25 and later reads the limit");
  }

  void CheckNode() {
    std::optional<Setting<kube::Quantity>> setting;
    for (const std::string_view name : {std::string_view("NODE_OPTIONS"), std::string_view()}) {
      const std::vector<Word> words = WordsOf(name);
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (IsReference(words[i].text)) setting.reset();
        std::string text = words[i].text;
        std::ranges::replace(text, '_', '-');
        constexpr std::string_view kFlag = "--max-old-space-size";
        if (!text.starts_with(kFlag)) continue;
        std::string_view value = std::string_view(text).substr(kFlag.size());
        if (value.starts_with('=')) {
          setting = {.value = ParseSize(value.substr(1), kNodeUnits), .word = words[i]};
        } else if (value.empty() && i + 1 < words.size()) {
          setting = {.value = ParseSize(words[i + 1].text, kNodeUnits), .word = words[i]};
          setting->word.text += " " + words[i + 1].text;
        }
      }
    }
    if (!setting || !setting->value) return;
    Judge(*setting, kHeap, "; buffers and the young generation come on top",
          "write --max-old-space-size=" + Mebibytes(kHeap.proposed));
  }

  void CheckPostgres() {
    std::optional<Setting<kube::Quantity>> setting;
    for (Word& word : WordsOf({})) {
      std::string_view text = word.text;
      for (const std::string_view prefix : {"-c", "--"}) {
        if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
      }
      const std::size_t equals = text.find('=');
      std::string name(text.substr(0, equals));
      std::ranges::replace(name, '-', '_');
      if (equals == std::string_view::npos || name != "shared_buffers") continue;
      setting = {.value = ParseSize(text.substr(equals + 1), kPostgresUnits), .word = word};
    }
    if (!setting || !setting->value) return;
    Judge(*setting, kBuffers, "; each connection and sort takes more",
          "write " + Mebibytes(kBuffers.proposed) + "MB");
  }

  /// A finding if the setting takes a larger share of the memory limit than it may.
  void Judge(const Setting<kube::Quantity>& setting, const Shares& shares, const std::string& room,
             const std::string& proposal) {
    if (setting.value->Times(100) <= limit_.Times(shares.most)) return;
    const bool above = *setting.value > limit_;
    const std::string relation = above ? " is above limits.memory " + limit_.Print()
                                       : " takes " + Percent(*setting.value, limit_) +
                                             " of limits.memory " + limit_.Print() + room;
    // The least limit of which the setting takes the share that is proposed.
    const std::int64_t bytes = setting.value->Times(100).Whole() / shares.proposed;
    const std::int64_t mebibytes = bytes / kMi + (bytes % kMi == 0 ? 0 : 1);
    Add(setting.word, setting.word.text + " in " + setting.word.where + relation,
        proposal + ", or raise limits.memory to " + std::to_string(mebibytes) + "Mi");
  }

  /// So many hundredths of the memory limit, in whole MiB.
  std::string Mebibytes(int hundredths) const {
    const std::int64_t bytes = limit_.Times(hundredths).Whole() / 100;
    return std::to_string(std::max<std::int64_t>(1, bytes / kMi));
  }

  void Add(const Word& word, std::string message, std::string hint) {
    findings_.push_back(
        {.message = std::move(message), .hint = std::move(hint), .node = word.node});
  }

  const RuntimeSettings& settings_;
  kube::Quantity limit_;
  std::vector<RuntimeFinding> findings_;
};

std::optional<kube::Quantity> LimitOf(const kube::ResourceList& limits, std::string_view name) {
  const auto found = limits.find(name);
  return found == limits.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

RuntimeSettings ReadRuntimeSettings(const kube::Container& container,
                                    const kube::ResourceList& limits) {
  RuntimeSettings settings;
  for (const yaml::NodeView child : container.node.Find("env").children()) {
    const yaml::NodeView item = child.Resolved();
    const auto [name, value, source] = item.FindEach<3>({"name", "value", "valueFrom"});
    EnvironmentValue variable{.name = name.Text(), .value = {}, .node = item};
    if (!source) variable.value = value.Text();
    if (value) variable.node = value;
    settings.environment.push_back(std::move(variable));
  }
  for (const std::string_view key : {"command", "args"}) {
    for (const yaml::NodeView word : container.node.Find(key).children()) {
      settings.words.push_back({.text = word.Resolved().Text(), .node = word});
    }
  }
  settings.memory_limit = LimitOf(limits, "memory");
  settings.cpu_limit = LimitOf(limits, "cpu");
  return settings;
}

std::vector<RuntimeFinding> CheckRuntime(const RuntimeSettings& settings) {
  return Check(settings).Run();
}

}  // namespace cloudlab::policy
