// Kubernetes quantities (`500m`, `1Gi`, `1e3`) with exact arithmetic.
//
// The grammar and the printed form are those of apimachinery's resource.Quantity: a sign, digits
// with an optional fraction, and one suffix of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or a decimal
// exponent. Values are kept as whole nano units in 128 bits; a finer fraction is rounded away
// from zero, as Kubernetes does. Refused: anything without a digit, and magnitudes over 2^63 - 1,
// which Kubernetes caps silently or cannot schedule.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "yaml/view.hpp"

namespace cloudlab::kube {

class Quantity {
 public:
  /// How a quantity is printed; learnt from its text.
  enum class Format : std::uint8_t { kDecimal, kBinary, kExponent };

  /// Zero.
  Quantity() = default;
  static std::optional<Quantity> Parse(std::string_view text);

  bool IsZero() const { return nano_ == 0; }
  bool IsNegative() const { return nano_ < 0; }

  /// The canonical form: no fraction, the largest suffix that loses nothing.
  std::string Print() const;

  /// Sums and differences cannot overflow: a parsed value has at most 94 of the 127 bits. The
  /// format is that of the first operand that is not zero.
  Quantity& operator+=(const Quantity& other);
  Quantity& operator-=(const Quantity& other);
  friend Quantity operator+(Quantity a, const Quantity& b) { return a += b; }
  friend Quantity operator-(Quantity a, const Quantity& b) { return a -= b; }
  /// `count` times this, exactly; `count` is from 0 to 2^31 (pods, hundredths), which cannot
  /// overflow.
  Quantity Times(std::int64_t count) const;

  /// The value in whole units and in thousandths, a fraction rounded away from zero, as the API
  /// server compares them (resource.Quantity, Value and MilliValue). What 64 bits cannot hold
  /// becomes the nearest that they can.
  std::int64_t Whole() const;
  std::int64_t Milli() const;

  /// By value: `0.5 == 500m`, `1Gi == 1073741824`.
  friend bool operator==(const Quantity& a, const Quantity& b) { return a.nano_ == b.nano_; }
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) {
    if (a.nano_ == b.nano_) return std::strong_ordering::equal;
    return a.nano_ < b.nano_ ? std::strong_ordering::less : std::strong_ordering::greater;
  }

 private:
  __extension__ using Nano = __int128;

  static std::string PrintNumber(Nano number);
  /// The value in units of `nano`, rounded away from zero.
  std::int64_t InUnitsOf(Nano nano) const;
  std::string PrintDecimal(Format format) const;
  std::string PrintBinary() const;

  Nano nano_ = 0;
  Format format_ = Format::kDecimal;
};

/// The quantity at `node`: a scalar, plain or quoted. Nothing if it is no quantity, or if it is a
/// plain number that YAML reads as another one (`010` is eight, `1_0` is ten).
std::optional<Quantity> ReadQuantity(yaml::NodeView node);

}  // namespace cloudlab::kube
