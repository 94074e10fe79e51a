// SPDX-License-Identifier: GPL-2.0-only
#include "lib/program.h"

#include "lib/clock.h"
#include "lib/files.h"

#include <array>
#include <cstdio>
#include <memory>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scriptfs {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

File temporary_file()
{
    File file(std::tmpfile(), &std::fclose);

    if (!file)
        throw Failed("a temporary file");
    return file;
}

std::string contents(std::FILE *file)
{
    std::string text;
    std::array<char, 65536> part{};
    std::size_t length = 0;

    std::rewind(file);
    while ((length = std::fread(part.data(), 1, part.size(), file)) > 0)
        text.append(part.data(), length);
    return text;
}

std::vector<char *> pointers(std::vector<std::string> &texts)
{
    std::vector<char *> list;

    list.reserve(texts.size() + 1);
    for (std::string &text : texts)
        list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

} // namespace

// All three streams of the program are files, so none of them can block.
Output run_program(const Program &program)
{
    const std::array<File, 3> streams{temporary_file(), temporary_file(), temporary_file()};
    const std::string &name = program.arguments.front();
    std::vector<std::string> arguments = program.arguments;
    std::vector<std::string> environment = program.more;
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;
    int failed = 0;

    for (char **one = environ; *one; one++)
        environment.emplace_back(*one);
    std::fwrite(program.input.data(), 1, program.input.size(), streams[0].get());
    std::rewind(streams[0].get());
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, fileno(streams.at(i).get()), i);
    if (!program.directory.empty())
        posix_spawn_file_actions_addchdir_np(&actions, program.directory.c_str());
    const std::int64_t time = taken([&] {
        failed = posix_spawnp(&child, name.c_str(), &actions, nullptr, pointers(arguments).data(),
                              pointers(environment).data());
        while (!failed && waitpid(child, &status, 0) < 0)
            if (errno != EINTR)
                failed = errno;
    });
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        throw Failed("cannot run " + name, failed);
    Output output{contents(streams[1].get()), contents(streams[2].get()), time};
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        throw Error("{} failed, wait status {:#x}: {}{}", name, static_cast<unsigned>(status),
                    output.out, output.err);
    return output;
}

} // namespace scriptfs
