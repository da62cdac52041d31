// The search for leaks against one that tries every value at every place, and against texts into
// which values were put by encoders that know nothing of it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/secrets/leak.hpp"

namespace cloudlab::policy::secrets {
namespace {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::size_t Below(std::size_t limit) { return random_() % limit; }
  bool Chance(std::size_t one_in) { return Below(one_in) == 0; }
  std::string Text(std::string_view alphabet, std::size_t size) {
    std::string text;
    while (text.size() < size) text += alphabet[Below(alphabet.size())];
    return text;
  }

 private:
  std::mt19937 random_;
};

using Range = std::pair<std::size_t, std::size_t>;

bool IsWordByte(char c) {
  return std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
             .find(c) != std::string_view::npos;
}

/// Every value at every place, without those inside of others.
std::vector<Range> FindNaively(const std::vector<std::string>& values, std::string_view text) {
  std::vector<Range> found;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t longest = 0;
    for (const std::string& value : values) {
      if (text.substr(at, value.size()) != value || value.size() <= longest) continue;
      const std::size_t end = at + value.size();
      if (IsWordByte(value.front()) && at > 0 && IsWordByte(text[at - 1])) continue;
      if (IsWordByte(value.back()) && end < text.size() && IsWordByte(text[end])) continue;
      longest = value.size();
    }
    if (longest > 0 && (found.empty() || at + longest > found.back().second)) {
      found.emplace_back(at, at + longest);
    }
  }
  return found;
}

std::vector<Range> RangesOf(const std::vector<LeakSearch::Leak>& leaks) {
  std::vector<Range> ranges;
  for (const auto& leak : leaks) ranges.emplace_back(leak.span.begin, leak.span.end);
  return ranges;
}

/// Values of few letters with common beginnings, many of them beginnings of others.
std::vector<std::string> AlikeValues(Dice& dice, std::size_t count) {
  const std::string beginning = dice.Text("ab-.", 1 + dice.Below(12));
  std::vector<std::string> values;
  while (values.size() < count) {
    std::string value = dice.Chance(2) ? beginning : std::string();
    value += dice.Text("ab-.", 8 + dice.Below(4));
    if (dice.Chance(3) && !values.empty()) value = values.back() + dice.Text("ab.", 1);
    values.push_back(value);
  }
  return values;
}

LeakSearch SearchFor(const std::vector<std::string>& values) {
  LeakSearch search;
  for (std::size_t i = 0; i < values.size(); ++i) search.Add(values[i], i);
  search.Prepare();
  return search;
}

TEST_CASE("as every value tried at every place", "[policy][leak]") {
  std::size_t found = 0;
  for (std::uint32_t seed = 0; seed < 600; ++seed) {
    Dice dice(seed);
    const auto values = AlikeValues(dice, 1 + dice.Below(40));
    const LeakSearch search = SearchFor(values);
    std::string text;
    const std::size_t size = dice.Below(600);
    while (text.size() < size) {
      text += dice.Chance(4) ? values[dice.Below(values.size())] : dice.Text("aabb-. ", 5);
      if (dice.Chance(5)) text += ' ';
    }
    INFO("seed " << seed << ": " << text);
    const auto naive = FindNaively(values, text);
    CHECK(RangesOf(search.FindAll(text)) == naive);
    found += naive.size();
    const std::string scrubbed = search.Scrub(text);
    CHECK(FindNaively(values, scrubbed).empty());
  }
  CHECK(found > 3000);
}

TEST_CASE("parts of a big text are one text", "[policy][leak]") {
  Dice dice(1);
  const auto values = AlikeValues(dice, 20);
  const LeakSearch search = SearchFor(values);
  for (const std::size_t line : {std::size_t{30}, std::size_t{100'000}, std::size_t{2'000'000}}) {
    std::string text;
    std::size_t feed = line;
    while (text.size() < 1'200'000) {
      text += dice.Chance(50) ? values[dice.Below(values.size())] : dice.Text("aabb-. ", 20);
      text += ' ';
      if (text.size() < feed) continue;
      text += '\n';
      feed = text.size() + dice.Below(line);
    }
    CHECK(RangesOf(search.FindAll(text)) == FindNaively(values, text));
  }
}

// Encoders of the test's own, of every freedom that a format leaves.

std::string Hex(std::string_view format, unsigned value) {
  char digits[16];
  const int size = std::snprintf(digits, sizeof digits, format.data(), value);
  return {digits, static_cast<std::size_t>(size)};
}

std::string DoubleQuoted(Dice& dice, std::string_view value, std::size_t needless) {
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' && !dice.Chance(4)) {
      out += "\\n";
    } else if ((c == '"' || c == '\\') && !dice.Chance(4)) {
      out += '\\';
      out += c;
    } else if (c == '"' || c == '\\' || byte < 0x20 || (byte < 0x80 && dice.Chance(needless))) {
      out += Hex(dice.Chance(2) ? "\\u%04x" : dice.Chance(2) ? "\\u%04X" : "\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string SingleQuoted(std::string_view value) {
  std::string out;
  for (const char c : value) out += c == '\'' ? "''" : std::string(1, c);
  return out;
}

std::string Percent(Dice& dice, std::string_view value, std::size_t needless) {
  std::string out;
  for (const char c : value) {
    if (c == ' ' && dice.Chance(3)) {
      out += '+';
    } else if (!IsWordByte(c) || dice.Chance(needless)) {
      out += Hex(dice.Chance(2) ? "%%%02x" : "%%%02X", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// The bits one by one.
std::string Base64(std::string_view value, bool url_safe) {
  std::string alphabet;
  for (char c = 'A'; c <= 'Z'; ++c) alphabet += c;
  for (char c = 'a'; c <= 'z'; ++c) alphabet += c;
  alphabet += url_safe ? "0123456789-_" : "0123456789+/";
  std::string out;
  for (std::size_t bit = 0; bit < value.size() * 8; bit += 6) {
    unsigned code = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const unsigned byte = i / 8 < value.size() ? static_cast<unsigned char>(value[i / 8]) : 0;
      code = code * 2 + (byte >> (7 - i % 8)) % 2;
    }
    out += alphabet[code];
  }
  while (!url_safe && out.size() % 4 != 0) out += '=';
  return out;
}

std::string Wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += width) {
    out.append("\n").append(indent).append(text.substr(at, width));
  }
  return out + "\n";
}

std::string Encoded(Dice& dice, const std::string& value) {
  switch (dice.Below(9)) {
    case 0:
      return value;
    case 1:
      return DoubleQuoted(dice, value, 6);
    case 2:
      return DoubleQuoted(dice, "{\"a\":\"" + DoubleQuoted(dice, value, 50) + "\"}", 50);
    case 3:  // A line break would be folded there.
      return value.find('\n') == std::string::npos ? SingleQuoted(value) : value;
    case 4:
      return SingleQuoted("{\"a\":\"" + DoubleQuoted(dice, value, 50) + "\"}");
    case 5:
      return Percent(dice, value, 4);
    case 6:
      return Percent(dice, Percent(dice, "u:" + value + "@h", 50), 50);
    case 7:
      return " " +
             Base64(
                 dice.Text("xyz:{\"", dice.Below(9)) + value + dice.Text("xyz\"}", dice.Below(9)),
                 dice.Chance(2)) +
             " ";
    default:
      return Wrapped(
          Base64(dice.Text("xyz", dice.Below(90)) + value + dice.Text("xyz", dice.Below(90)),
                 dice.Chance(2)),
          16 + dice.Below(61), dice.Chance(2) ? "    " : "");
  }
}

TEST_CASE("whatever encoders made of a value is found and scrubbed", "[policy][leak]") {
  for (std::uint32_t seed = 0; seed < 4000; ++seed) {
    Dice dice(seed);
    std::vector<std::string> values;
    for (std::size_t i = 0; i < 1 + dice.Below(30); ++i) {
      // Letters at both ends: what is trimmed or its own border has examples.
      values.push_back(dice.Text("Qq7", 1) +
                       dice.Text("Qq7@:/?%+&='\"\\ \n#$\xC3\xBC<>", 9 + dice.Below(30)) +
                       dice.Text("Zz3", 1));
    }
    const LeakSearch search = SearchFor(values);
    const std::size_t id = dice.Below(values.size());
    const std::string text = "a: 1\nkey: \"" + Encoded(dice, values[id]) + "\"\nz: 2\n";
    INFO("seed " << seed << ", value " << values[id] << ", text " << text);
    const auto leaks = search.FindAll(text);
    REQUIRE(std::ranges::any_of(leaks, [id](const auto& leak) { return leak.id == id; }));
    const std::string scrubbed = search.Scrub(text);
    CHECK(scrubbed.find("***") != std::string::npos);
    CHECK_FALSE(search.Find(scrubbed).has_value());
  }
}

TEST_CASE("scrubbed JSON is JSON, whatever the values are", "[policy][leak]") {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    Dice dice(seed);
    std::vector<std::string> values;
    for (std::size_t i = 0; i < 4; ++i) {
      values.push_back(dice.Text("Qq7@/%+'\"\\ \n\t<u00e", 8 + dice.Below(12)));
    }
    const LeakSearch search = SearchFor(values);
    nlohmann::ordered_json json;
    for (const std::string& value : values) {
      json["a"].push_back(value);
      json["b"].push_back(dice.Text("\\\"\nQx", 3) + value + dice.Text("\\\"\nQx", 3));
      json["c"].push_back(Base64(dice.Text("\"x", 5) + value, false));
      json["d"].push_back(nlohmann::ordered_json(value).dump());
    }
    const std::string text = search.Scrub(json.dump(1, ' ', dice.Chance(2)));
    INFO("seed " << seed << ": " << json.dump(1) << "\nscrubbed: " << text);
    const auto read = nlohmann::ordered_json::parse(text, nullptr, false);
    REQUIRE_FALSE(read.is_discarded());
    REQUIRE(read.size() == 4);
    for (const char* key : {"a", "b", "c", "d"}) {
      REQUIRE(read[key].size() == 4);
      for (const auto& item : read[key]) {
        CHECK_FALSE(search.Find(item.get<std::string>()).has_value());
      }
    }
  }
}

TEST_CASE("equal beginnings cost a logarithm", "[policy][leak]") {
  // 3,000 values that begin alike, and a text that is full of their beginning: tried one by one,
  // these are ten thousand million steps.
  const std::string beginning(64, 'k');
  LeakSearch search;
  for (std::size_t i = 0; i < 3000; ++i) search.Add(beginning + "." + std::to_string(i), i);
  search.Prepare();
  std::string text;
  while (text.size() < 4'000'000) text += beginning + ".x ";
  CHECK(search.FindAll(text).empty());
  text += beginning + ".2999";
  REQUIRE(search.Find(text).has_value());
  CHECK(search.Find(text)->id == 2999);
}

TEST_CASE("a text of one byte costs no square", "[policy][leak]") {
  const std::string many(2000, 'a');
  const LeakSearch search = SearchFor({many + "b", many, std::string(16, 'a'), "1" + many});
  CHECK(search.FindAll(std::string(4'000'000, 'a')).empty());
}

}  // namespace
}  // namespace cloudlab::policy::secrets
