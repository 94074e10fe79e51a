// SPDX-License-Identifier: GPL-2.0-only
#include "lib/text.h"

#include "lib/error.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace scriptfs {
namespace {

using Letters = std::istreambuf_iterator<char>;

} // namespace

std::string read_text(const std::string &path)
{
    if (path == "-")
        return {Letters(std::cin), {}};
    std::ifstream file(path, std::ios::binary);
    // of a directory only the first read says that it is none
    if (!file || (file.peek() == EOF && file.bad()))
        throw Error("{}: cannot be read: {}", path, std::strerror(errno));
    file.clear();
    return {Letters(file), {}};
}

std::string field_of(const std::string &path, std::string_view name)
{
    std::ifstream file(path);
    std::string line;

    while (std::getline(file, line)) {
        const auto colon = line.find(':');
        if (line.starts_with(name) && line.find_first_not_of(" \t", name.size()) == colon &&
            colon != std::string::npos)
            return line.substr(std::min(colon + 2, line.size()));
    }
    return {};
}

void write_setting(const std::string &path, const std::string &value, std::string_view hint)
{
    std::ofstream file(path);

    file << value << std::flush;
    if (!file)
        throw Error("{}: cannot be set to \"{}\": {}{}{}", path, value, std::strerror(errno),
                    hint.empty() ? "" : ": ", hint);
}

void write_text(const std::string &path, const std::string &text)
{
    std::error_code error;
    const bool replace = std::filesystem::is_regular_file(path, error) ||
                         !std::filesystem::exists(path, error); // and not a pipe or a terminal
    const std::string target = replace ? path + ".new" : path;
    std::ofstream file(target, std::ios::binary);

    file << text;
    file.close();
    if (!file || (replace && std::rename(target.c_str(), path.c_str())))
        throw Error("{}: cannot be written: {}", path, std::strerror(errno));
}

} // namespace scriptfs
