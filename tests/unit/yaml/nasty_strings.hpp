// Strings that some reader takes for something else when they are written without quotes, or that
// need escapes. What we write for each of them must be read back as that very string.
#pragma once

#include <string>
#include <vector>

namespace cloudlab::yaml {

inline const std::vector<std::string>& NastyStrings() {
  using std::string_literals::operator""s;
  static const std::vector<std::string> kStrings = {
      // Null, booleans, merge and default keys of YAML 1.1 and 1.2.
      "", "~", "null", "Null", "NULL", "nULL", "true", "True", "TRUE", "false", "False", "FALSE",
      "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off",
      "OFF", "=", "<<",
      // Numbers in any notation, and what is none for some readers.
      "0", "1", "-1", "+1", "012", "0777", "0o7", "0o777", "0O17", "0b101", "0B1", "0x1F", "-0x1f",
      "0X1F", "1_000", "0_", "00", "08", "0800", "1e3", "1E3", "1e+3", "1.", ".5", "-.5", "+.5",
      "1.5", "1.5e-3", "1_000.5", "1e500", "12345678901234567890", ".inf", "-.inf", "+.INF", ".Inf",
      ".nan", ".NaN", "NaN", "1:20", "12:30", "12:30:45", "190:20:30.15", "685.230_15e+03", "._1",
      ".e1", ".", "-", "+", "--", "-.", "0x", "1e", "0b", "1.2.3", "10.0.0.1", "1__0", "_1", "1_",
      // Dates.
      "2001-01-01", "2001-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5",
      "2001-12-15 2:59:43.10",
      // Indicators and their look-alikes.
      "!", "!a", "&", "&a", "*", "*a", "- ", "- a", "-a", "?", "? a", "?a", ":", ": a", ":a",
      "a:", "a: b", "a:b", "a::b", "a :b", "#", "# a", "a #b", "a#b", "a# b", "%", "%a", "@", "@a",
      "`", "`a", "|", "|a", ">", ">a", "[", "[a]", "]", "{", "{a}", "}", "{{ .x }}", ",", ",a",
      "a,b", "a, b", "a]", "a}", "a{b", "\"", "\"a\"", "a\"b", "'", "'a'", "it's", "a'", "\\",
      "a\\b", "\\n", "---", "--- a", "---a", "...", "... a", "...a", "-- a", "a?b", "a ?b",
      "http://example.org:80/x?y#z", "k8s.io/x", "$(VAR)", "${x}", "100m", "1Gi", "5h30m", "1k",
      // JSON and templates as text.
      "{\"a\": [1, null]}", "[]", "{}", "[1]",
      // Blanks and line breaks.
      " ", "  ", " a", "a ", "\t", "a\t", "\ta", "a\tb", "a  b", "\n", "a\n", "\na", "a\nb",
      "a\nb\n", "a\n\nb\n\n", " a\nb", "a\n b\n", "a \nb", "a\n\t\nb", "a\r\nb", "\r", "a\rb",
      "\n\n", "- a\n- b\n", "a: b\nc: d\n", "# a\nb\n", "---\na\n", "a\n---\nb", "a\n...\n", "|\n",
      "a\n# b\n",
      // Controls and characters beyond ASCII.
      "\0"s, "a\0b"s, "\x01", "\x1B[0m", "\x7F", "\xC2\x80", "\xC2\x85", "\xC2\xA0", "\xC3\xA9",
      "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF", "a\xEF\xBB\xBF", "\xEF\xBF\xBD",
      "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xF0\x9F\x98\x80",
      "\xE6\x97\xA5\xE6\x9C\xAC\n\xE8\xAA\x9E\n", "\a\b\f\v", "na\xC3\xAFve: yes"};
  return kStrings;
}

}  // namespace cloudlab::yaml
