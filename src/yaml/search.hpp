// The searches that are done on every line, many bytes at a time.
//
// Lines of manifests are short, so what counts is that most searches end in their first step: 16
// bytes with SSE2, which every x86-64 has, else 8 bytes in a register.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cloudlab::yaml {

static_assert(std::endian::native == std::endian::little, "the first byte must be the lowest one");

#if defined(__SSE2__)
inline constexpr std::uint32_t kStep = 16;

inline __m128i LoadStep(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
inline std::uint32_t Mask(__m128i matches) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(matches));
}
/// A bit per byte that is `:`, `#` or a line feed; the lowest bit is the first byte.
inline std::uint32_t PlainStops(const char* at) {
  const __m128i bytes = LoadStep(at);
  const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')));
  return Mask(_mm_or_si128(marks, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
}
/// A bit per byte that is no space.
inline std::uint32_t NoSpaces(const char* at) {
  return ~Mask(_mm_cmpeq_epi8(LoadStep(at), _mm_set1_epi8(' '))) & 0xFFFFU;
}
/// True if every byte is printable ASCII, a tab or a line feed.
inline bool IsOrdinaryStep(const char* at) {
  const __m128i bytes = LoadStep(at);
  // Compared as signed numbers, bytes above 0x7F are less than a space.
  const __m128i printable = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)),
                                             _mm_cmpgt_epi8(bytes, _mm_set1_epi8(0x1F)));
  const __m128i blank = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')));
  return Mask(_mm_or_si128(printable, blank)) == 0xFFFFU;
}
/// A bit per line feed with a dash behind it. Reads one byte more than a step.
inline std::uint32_t DashLines(const char* at) {
  return Mask(_mm_and_si128(_mm_cmpeq_epi8(LoadStep(at), _mm_set1_epi8('\n')),
                            _mm_cmpeq_epi8(LoadStep(at + 1), _mm_set1_epi8('-'))));
}
inline std::uint32_t FirstByte(std::uint32_t found) {
  return static_cast<std::uint32_t>(std::countr_zero(found));
}
#else
inline constexpr std::uint32_t kStep = 8;
inline constexpr std::uint64_t kOnes = 0x0101010101010101U;
inline constexpr std::uint64_t kHighs = 0x8080808080808080U;

inline std::uint64_t LoadStep(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}
/// The high bit of the first byte that is zero is the lowest one set.
inline std::uint64_t ZeroBytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }
inline std::uint64_t PlainStops(const char* at) {
  const std::uint64_t word = LoadStep(at);
  return ZeroBytes(word ^ kOnes * ':') | ZeroBytes(word ^ kOnes * '#') |
         ZeroBytes(word ^ kOnes * '\n');
}
inline std::uint64_t NoSpaces(const char* at) { return LoadStep(at) ^ kOnes * ' '; }
/// False also for a step with a tab, or a byte behind such a one: those are looked at one by one.
inline bool IsOrdinaryStep(const char* at) {
  const std::uint64_t word = LoadStep(at);
  const std::uint64_t feeds = ZeroBytes(word ^ kOnes * '\n');
  const std::uint64_t small = (word - kOnes * ' ') & ~word & kHighs;
  return ((small & ~feeds) | (word & kHighs) | ZeroBytes(word ^ kOnes * 0x7F)) == 0;
}
inline std::uint64_t DashLines(const char* at) {
  const std::uint64_t feeds = ZeroBytes(LoadStep(at) ^ kOnes * '\n');
  // A borrow can only mark bytes behind a real match, and then the step is looked at anyway.
  return feeds & ZeroBytes(LoadStep(at + 1) ^ kOnes * '-');
}
inline std::uint32_t FirstByte(std::uint64_t found) {
  return static_cast<std::uint32_t>(std::countr_zero(found)) / 8;
}
#endif

/// The next `:`, `#` or line feed at or behind `at`, or the end of the text.
inline std::uint32_t FindPlainStop(std::string_view text, std::uint32_t at) {
  for (; at + kStep <= text.size(); at += kStep) {
    if (const auto found = PlainStops(text.data() + at); found != 0) return at + FirstByte(found);
  }
  while (at < text.size() && text[at] != ':' && text[at] != '#' && text[at] != '\n') ++at;
  return at;
}

/// The next byte at or behind `at` that is no space, or the end of the text.
inline std::uint32_t FindNoSpace(std::string_view text, std::uint32_t at) {
  for (; at + kStep <= text.size(); at += kStep) {
    if (const auto found = NoSpaces(text.data() + at); found != 0) return at + FirstByte(found);
  }
  while (at < text.size() && text[at] == ' ') ++at;
  return at;
}

/// The next line feed at or behind `at` with a dash behind it, or the end of the text.
inline std::size_t FindDashLine(std::string_view text, std::size_t at) {
  for (; at + kStep < text.size(); at += kStep) {
    if (const auto found = DashLines(text.data() + at); found != 0) return at + FirstByte(found);
  }
  while (at + 1 < text.size() && (text[at] != '\n' || text[at + 1] != '-')) ++at;
  return at + 1 < text.size() ? at : text.size();
}

}  // namespace cloudlab::yaml
