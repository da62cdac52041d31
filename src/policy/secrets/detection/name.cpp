#include "policy/secrets/detection/name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "policy/secrets/detection/name_words.hpp"

namespace cloudlab::policy::secrets {
namespace {

// The table is found through a hash of open addressing, made by the compiler.
constexpr std::size_t kSlots = 1024;

constexpr std::size_t Slot(std::string_view word) {
  std::size_t hash = word.size();
  for (const char c : word) hash = hash * 31 + static_cast<unsigned char>(c);
  return (hash ^ (hash >> 10)) % kSlots;
}

constexpr std::array<std::uint16_t, kSlots> MakeSlots() {
  std::array<std::uint16_t, kSlots> slots = {};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    std::size_t slot = Slot(kWords[i].text);
    while (slots[slot] != 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<std::uint16_t>(i + 1);
  }
  return slots;
}
constexpr std::array<std::uint16_t, kSlots> kSlotOf = MakeSlots();
constexpr Word kUnknown = {"", kNoRole};

const Word& EndingOf(std::string_view word) {
  static constexpr std::string_view kLast = "DENTY";
  if (word.size() < 7 || kLast.find(word.back()) == kLast.npos) return kUnknown;
  for (const Word& ending : kEndings) {
    if (word.ends_with(ending.text)) return ending;
  }
  return kUnknown;
}

const Word& LookUp(std::string_view word) {
  for (std::size_t slot = Slot(word); kSlotOf[slot] != 0; slot = (slot + 1) % kSlots) {
    const Word& found = kWords[kSlotOf[slot] - 1];
    if (found.text == word) return found;
  }
  return EndingOf(word);
}

// Most names hold no telling word: their letters are asked first, three at a time, whether a
// telling word may begin with them.
constexpr std::uint16_t kTellingRoles =
    kSecretWord | kObjectWord | kKeyWord | kDsnWord | kConnect | kWeakWord;

constexpr std::size_t kTriples = std::size_t{1} << 15;

/// The triple that ends with `c`, behind those that ended before; the same for both cases.
constexpr std::size_t NextTriple(std::size_t triple, char c) {
  return ((triple << 5) | (static_cast<unsigned char>(c) & 31U)) % kTriples;
}

constexpr std::array<bool, kTriples> MakeTriples() {
  std::array<bool, kTriples> triples = {};
  for (const Word& word : kWords) {
    if ((word.role & kTellingRoles) == 0) continue;
    std::size_t triple = 0;
    for (const char c : word.text.substr(0, 3)) triple = NextTriple(triple, c);
    triples[triple] = true;
    // A word of two letters, whatever stands before it.
    for (std::size_t before = 0; word.text.size() == 2 && before < 32; ++before) {
      triples[(before << 10) | triple] = true;
    }
  }
  return triples;
}
constexpr std::array<bool, kTriples> kTripleTells = MakeTriples();

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The last words of a name, looked up.
class NameWords {
 public:
  explicit NameWords(std::string_view name) {
    if (name.size() > kMostChars) name.remove_prefix(name.size() - kMostChars);
    std::array<char, kMostChars> word;  // NOLINT: filled as far as it is read.
    std::size_t size = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const char c = name[i];
      const bool part = IsUpper(c) || IsLower(c) || IsDigit(c);
      if (size > 0 && (!part || IsBorder(name, i))) {
        Push({word.data(), size});
        size = 0;
      }
      if (part) word[size++] = IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    }
    if (size > 0) Push({word.data(), size});
  }

  std::size_t size() const { return size_; }
  const Word& operator[](std::size_t i) const { return *words_[i]; }
  bool Has(std::uint16_t roles, std::size_t end) const {
    for (std::size_t i = 0; i < end; ++i) {
      if ((words_[i]->role & roles) != 0) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kMostChars = 128;
  static constexpr std::size_t kMostWords = 16;

  /// `dbPassword`, `DBPassword`: a capital behind or before a small letter begins a word.
  static bool IsBorder(std::string_view name, std::size_t i) {
    if (!IsUpper(name[i])) return false;
    if (!IsUpper(name[i - 1])) return IsLower(name[i - 1]);
    return i + 2 < name.size() && IsLower(name[i + 1]) && IsLower(name[i + 2]);
  }

  void Push(std::string_view word) {
    while (word.size() > 1 && IsDigit(word.back()) && word != "B64" && word != "BASE64") {
      word.remove_suffix(1);
    }
    static constexpr Word kNumber = {"", kTail};
    if (size_ == kMostWords) {
      std::ranges::rotate(words_, words_.begin() + 1);
      --size_;
    }
    words_[size_++] = word.size() == 1 && IsDigit(word[0]) ? &kNumber : &LookUp(word);
  }

  std::array<const Word*, kMostWords> words_;  // NOLINT: filled up to size_.
  std::size_t size_ = 0;
};

std::string_view LabelOf(const Word& word) { return word.label.empty() ? word.text : word.label; }

std::string_view LabelOfKey(const Word& before) {
  static constexpr auto kLabels = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"API", "API_KEY"},
      {"ACCESS", "ACCESS_KEY"},
      {"PRIVATE", "PRIVATE_KEY"},
      {"SECRET", "SECRET_KEY"},
      {"ENCRYPTION", "ENCRYPTION_KEY"},
      {"SIGNING", "SIGNING_KEY"},
      {"LICENSE", "LICENSE_KEY"},
  });
  for (const auto& [word, label] : kLabels) {
    if (before.text == word) return label;
  }
  return "KEY";
}

constexpr std::uint16_t kTelling = kSecretWord | kObjectWord;

/// `words` up to `end`, the last of which is KEY.
NameRating RateKey(const NameWords& words, std::size_t end) {
  if (end < 2) return {NameKind::kWeak, "KEY"};
  const Word& before = words[end - 2];
  // existingSecretKey is a key of a Secret.
  const bool of_object = end > 2 && (words[end - 3].role & kOfObject) != 0;
  if ((before.role & kObjectWord) != 0 && of_object) return {NameKind::kAbout, "SECRET"};
  if ((before.role & kBeforeKey) != 0) return {NameKind::kSecret, LabelOfKey(before)};
  // A key of a Secret: adminPasswordKey, tokenKey.
  if ((before.role & kTelling) != 0) return {NameKind::kAbout, LabelOf(before)};
  return {NameKind::kWeak, "KEY"};
}

/// No word at the end says anything: one before it may.
NameRating RateInside(const NameWords& words, std::size_t end) {
  const bool about = (words[end - 1].role & kAboutEnd) != 0;
  for (std::size_t i = end; i-- > 0;) {
    if ((words[i].role & kTelling) != 0) {
      return {about ? NameKind::kAbout : NameKind::kInside, LabelOf(words[i])};
    }
    const bool key = i > 0 && (words[i].role & kKeyWord) != 0;
    if (key && (words[i - 1].role & kBeforeKey) != 0) {
      return {about ? NameKind::kAbout : NameKind::kInside, LabelOfKey(words[i - 1])};
    }
  }
  if (about) return {};
  for (std::size_t i = end; i-- > 0;) {
    if ((words[i].role & (kWeakWord | kKeyWord)) != 0) {
      return {NameKind::kWeak, LabelOf(words[i])};
    }
  }
  return {};
}

}  // namespace

bool MayTell(std::string_view text) {
  std::size_t triple = 0;
  for (const char c : text) {
    triple = NextTriple(triple, c);
    if (kTripleTells[triple]) return true;
  }
  return false;
}

NameRating RateName(std::string_view name) {
  if (!MayTell(name)) return {};
  const NameWords words(name);
  std::size_t end = words.size();
  while (end > 0 && (words[end - 1].role & kTail) != 0 && (words[end - 1].role & kString) == 0) {
    --end;
  }
  if (end == 0) return {};
  if (words.Has(kPublicWord, words.size())) return {NameKind::kNot, ""};
  const Word& last = words[end - 1];
  if ((last.role & kVetoEnd) != 0) return {NameKind::kNot, ""};
  if ((last.role & kKeyWord) != 0) return RateKey(words, end);
  if ((last.role & kSecretWord) != 0) {
    const bool of_text =
        LabelOf(last) == "TOKEN" && end > 1 && (words[end - 2].role & kOfText) != 0;
    return {of_text ? NameKind::kObject : NameKind::kSecret, LabelOf(last)};
  }
  if ((last.role & kObjectWord) != 0) {
    const bool singular = last.text == "SECRET";
    const bool of_object = end < 2 || (words[end - 2].role & kOfObject) != 0;
    const bool used = end > 1 && (words[end - 2].role & kUse) != 0;
    return {.kind = !singular || of_object ? NameKind::kObject : NameKind::kSecret,
            .label = LabelOf(last),
            .perhaps_object = !used};
  }
  const bool string =
      end > 1 && (last.role & kString) != 0 && (words[end - 2].role & kConnect) != 0;
  if ((last.role & kDsnWord) != 0 || string) return {NameKind::kConnection, "PASSWORD"};
  return RateInside(words, end);
}

}  // namespace cloudlab::policy::secrets
