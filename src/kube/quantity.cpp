// Source of the rules: k8s.io/apimachinery/pkg/api/resource (ParseQuantity, CanonicalizeBytes).

#include "kube/quantity.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace cloudlab::kube {
namespace {

__extension__ using Int128 = __int128;

constexpr Int128 kNanoPerUnit = 1'000'000'000;
constexpr Int128 kMaxNano = Int128{std::numeric_limits<std::int64_t>::max()} * kNanoPerUnit;
constexpr int kNanoDigits = 9;

/// A suffix as a power: ten to the `decimal`, times 1024 to the `binary`.
struct Scale {
  int decimal = 0;
  int binary = 0;
  Quantity::Format format = Quantity::Format::kDecimal;
};

struct Suffix {
  std::string_view text;
  int power;
};
constexpr std::array<Suffix, 10> kDecimalSuffixes{{{"n", -9},
                                                   {"u", -6},
                                                   {"m", -3},
                                                   {"", 0},
                                                   {"k", 3},
                                                   {"M", 6},
                                                   {"G", 9},
                                                   {"T", 12},
                                                   {"P", 15},
                                                   {"E", 18}}};
constexpr std::array<Suffix, 6> kBinarySuffixes{
    {{"Ki", 1}, {"Mi", 2}, {"Gi", 3}, {"Ti", 4}, {"Pi", 5}, {"Ei", 6}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The number behind `e` or `E`, within a range that no valid quantity leaves.
std::optional<int> ParseExponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !std::ranges::all_of(text, IsDigit)) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    value = value * 10 + (c - '0');
    if (value > 1000) return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<Scale> ParseSuffix(std::string_view text) {
  for (const Suffix& suffix : kDecimalSuffixes) {
    if (suffix.text == text) return Scale{.decimal = suffix.power};
  }
  for (const Suffix& suffix : kBinarySuffixes) {
    if (suffix.text == text) {
      return Scale{.binary = suffix.power, .format = Quantity::Format::kBinary};
    }
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    if (const auto exponent = ParseExponent(text.substr(1))) {
      return Scale{.decimal = *exponent, .format = Quantity::Format::kExponent};
    }
  }
  return std::nullopt;
}

/// `value` times `factor`, or nothing if that leaves 127 bits. Both are not negative.
std::optional<Int128> Multiply(Int128 value, Int128 factor) {
  Int128 result = 0;
  if (__builtin_mul_overflow(value, factor, &result)) return std::nullopt;
  return result;
}

constexpr int kMostZeros = 18;
constexpr auto kPowersOfTen = [] {
  std::array<Int128, kMostZeros + 1> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = 10 * powers[i - 1];
  return powers;
}();

/// `value` times ten to the `power`; a fraction is rounded up.
std::optional<Int128> ShiftDecimal(Int128 value, int power) {
  while (power > 0 && value != 0) {
    const int step = std::min(power, kMostZeros);
    const auto product = Multiply(value, kPowersOfTen[static_cast<std::size_t>(step)]);
    if (!product) return std::nullopt;
    value = *product;
    power -= step;
  }
  bool inexact = false;
  for (; power < 0 && value != 0; ++power) {
    inexact = inexact || value % 10 != 0;
    value /= 10;
  }
  // Whatever is asked for is more than nothing: 0.1n counts as 1n.
  return value + (inexact ? 1 : 0);
}

/// The digits of a number and how many of them stand behind the point.
struct Digits {
  Int128 value = 0;
  int fraction = 0;
};

/// Reads `12.50` from the front of `text`. Trailing zeros of the fraction are dropped, so that a
/// long but round number does not overflow.
std::optional<Digits> TakeDigits(std::string_view& text) {
  const auto run = [&text](std::size_t from) {
    while (from < text.size() && IsDigit(text[from])) ++from;
    return from;
  };
  const std::size_t whole_end = run(0);
  std::string_view whole = text.substr(0, whole_end);
  std::string_view fraction;
  std::size_t end = whole_end;
  if (end < text.size() && text[end] == '.') {
    end = run(whole_end + 1);
    fraction = text.substr(whole_end + 1, end - whole_end - 1);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  text.remove_prefix(end);
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  Digits digits{.fraction = static_cast<int>(std::min<std::size_t>(fraction.size(), 1000))};
  for (const std::string_view part : {whole, fraction}) {
    for (const char c : part) {
      const auto shifted = Multiply(digits.value, 10);
      if (!shifted) return std::nullopt;
      digits.value = *shifted + (c - '0');
    }
  }
  return digits;
}

}  // namespace

std::optional<Quantity> Quantity::Parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto digits = TakeDigits(text);
  if (!digits) return std::nullopt;
  const auto scale = ParseSuffix(text);
  if (!scale) return std::nullopt;
  std::optional<Int128> nano = digits->value;
  for (int i = 0; nano && i < scale->binary; ++i) nano = Multiply(*nano, 1024);
  if (nano) nano = ShiftDecimal(*nano, kNanoDigits + scale->decimal - digits->fraction);
  if (!nano || *nano > kMaxNano) return std::nullopt;
  Quantity quantity;
  quantity.nano_ = negative ? -*nano : *nano;
  quantity.format_ = scale->format;
  return quantity;
}

Quantity& Quantity::operator+=(const Quantity& other) {
  if (IsZero()) format_ = other.format_;
  nano_ += other.nano_;
  return *this;
}

Quantity& Quantity::operator-=(const Quantity& other) {
  if (IsZero()) format_ = other.format_;
  nano_ -= other.nano_;
  return *this;
}

Quantity Quantity::Times(std::int64_t count) const {
  Quantity product = *this;
  product.nano_ *= count;
  return product;
}

std::int64_t Quantity::InUnitsOf(Nano nano) const {
  Nano number = nano_ / nano;
  if (nano_ % nano != 0) number += IsNegative() ? -1 : 1;
  const Nano least = std::numeric_limits<std::int64_t>::min();
  const Nano most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(number, least, most));
}

std::int64_t Quantity::Whole() const { return InUnitsOf(kNanoPerUnit); }

std::int64_t Quantity::Milli() const { return InUnitsOf(kNanoPerUnit / 1000); }

std::string Quantity::PrintNumber(Nano number) {
  const bool negative = number < 0;
  if (negative) number = -number;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(number % 10));
    number /= 10;
  } while (number != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string Quantity::PrintDecimal(Format format) const {
  Nano number = nano_;
  int power = -kNanoDigits;
  while (number % 1000 == 0) {
    number /= 1000;
    power += 3;
  }
  std::string text = PrintNumber(number);
  if (format == Format::kDecimal) {
    const auto* suffix = std::ranges::find(kDecimalSuffixes, power, &Suffix::power);
    if (suffix != kDecimalSuffixes.end()) return text.append(suffix->text);
  }
  return power == 0 ? text : text + "e" + std::to_string(power);
}

std::string Quantity::PrintBinary() const {
  Nano number = nano_ / kNanoPerUnit;
  std::string_view suffix;
  for (const Suffix& next : kBinarySuffixes) {
    if (number % 1024 != 0) break;
    number /= 1024;
    suffix = next.text;
  }
  return PrintNumber(number).append(suffix);
}

std::string Quantity::Print() const {
  if (IsZero()) return "0";
  if (format_ != Format::kBinary) return PrintDecimal(format_);
  const Nano limit = Nano{1024} * kNanoPerUnit;
  const bool small = nano_ > -limit && nano_ < limit;
  return small || nano_ % kNanoPerUnit != 0 ? PrintDecimal(Format::kDecimal) : PrintBinary();
}

std::optional<Quantity> ReadQuantity(yaml::NodeView node) {
  const yaml::NodeView value = node.Resolved();
  if (!value.IsScalar()) return std::nullopt;
  const std::string text = value.Text();
  if (value.node().style == yaml::Style::kPlain) {
    // The readers turn a plain number into a JSON number first; a leading zero makes it octal.
    std::string_view digits = text;
    if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
    const bool integer = !digits.empty() && std::ranges::all_of(digits, IsDigit);
    if (integer && digits.size() > 1 && digits.front() == '0') return std::nullopt;
  }
  return Quantity::Parse(text);
}

}  // namespace cloudlab::kube
