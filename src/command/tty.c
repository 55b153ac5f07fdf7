/* tty.c - how wide the terminal is, and how to write on it. */
#include "command/tty.h"

#include <sys/ioctl.h>
#include <unistd.h>

int tty_columns(int fd)
{
    struct winsize w;

    return ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

struct terminal_style tty_style(const struct cli_env *env)
{
    return (struct terminal_style){ .columns = env->stdout_tty ? tty_columns(STDOUT_FILENO) : 100,
                                    .utf8 = env->utf8,
                                    .colour = env->colour };
}
