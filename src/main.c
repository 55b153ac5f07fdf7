/* main.c - argv and the environment become a command. */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/cli.h"
#include "command/commands.h"
#include "core/library.h"

static volatile sig_atomic_t stop_signal;

/* The first signal asks; a second one of its kind ends the program at once. */
static void on_signal(int sig)
{
    stop_signal = sig;
    signal(sig, SIG_DFL);
}

static void catch_signals(void)
{
    struct sigaction ask = { .sa_handler = on_signal }; /* no SA_RESTART: waits must wake up */
    struct sigaction was;

    sigaction(SIGINT, &ask, NULL);
    sigaction(SIGTERM, &ask, NULL);
    /* Under nohup a run must outlive its terminal. */
    if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &ask, NULL);
    signal(SIGCHLD, SIG_DFL); /* ignored by who started us, it would hide how a worker ended */
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write, with a message ... */
    signal(SIGXFSZ, SIG_IGN); /* ... and so is a file that `ulimit -f` does not allow */
}

/* Variables that change what is measured, and so belong to the record. */
static struct env_variable recorded[] = {
    { "CUDA_DEVICE_ORDER", NULL },     { "CUDA_LAUNCH_BLOCKING", NULL },
    { "CUDA_VISIBLE_DEVICES", NULL },  { "GOMP_CPU_AFFINITY", NULL },
    { "HEADROOM_LIBRARY_PATH", NULL }, { "KMP_AFFINITY", NULL },
    { "LD_LIBRARY_PATH", NULL },       { "LD_PRELOAD", NULL },
    { "MALLOC_ARENA_MAX", NULL },      { "NVIDIA_VISIBLE_DEVICES", NULL },
    { "OMP_NUM_THREADS", NULL },       { "OMP_PROC_BIND", NULL },
    { "OPENBLAS_CORETYPE", NULL },     { "OPENBLAS_NUM_THREADS", NULL },
};
enum { RECORDED = sizeof(recorded) / sizeof(recorded[0]) };

/* This program's folder below $XDG_..._HOME, or where the standard puts that when it is not set;
 * "" without a home: half a path is another one. */
static void home_folder(char *out, size_t cap, const char *xdg, const char *home, const char *usual)
{
    int n = 0;

    if (xdg && xdg[0] == '/')
        n = snprintf(out, cap, "%s/headroom", xdg);
    else if (home && home[0] == '/')
        n = snprintf(out, cap, "%s/%s/headroom", home, usual);
    if (n <= 0 || n >= (int)cap)
        out[0] = '\0';
}

/* Workers read it again: they are this program with the same environment. */
static void set_library_places(void)
{
    const struct library_places p = { .search_path = getenv("HEADROOM_LIBRARY_PATH"),
                                      .virtual_env = getenv("VIRTUAL_ENV"),
                                      .path = getenv("PATH"),
                                      .home = getenv("HOME") };

    library_places_set(&p);
}

static void read_environment(struct cli_env *env)
{
    static char cache[1024], data[1024];
    const char *home = getenv("HOME");
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

    setlocale(LC_CTYPE, "");
    env->stdout_tty = isatty(STDOUT_FILENO);
    env->stderr_tty = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    env->colour =
        env->stdout_tty && !(no_colour && no_colour[0]) && term && strcmp(term, "dumb") != 0;
    env->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    home_folder(cache, sizeof(cache), getenv("XDG_CACHE_HOME"), home, ".cache");
    home_folder(data, sizeof(data), getenv("XDG_DATA_HOME"), home, ".local/share");
    env->cache_dir = cache;
    env->data_dir = data;
    env->search_path = getenv("PATH");
    for (int i = 0; i < RECORDED; i++)
        recorded[i].value = getenv(recorded[i].name);
    env->variables = recorded;
    env->n_variables = RECORDED;
}

/* Somebody may start us with standard descriptors closed.  Then the next file to be opened would
 * become standard output, and what is printed would end in it.  What is opened here instead refuses
 * to be used, as a closed descriptor does. */
static void keep_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    struct cli_env env = { .stop = &stop_signal, .argc = argc, .argv = argv };
    char *help[] = { argv[0], (char[]){ "help" }, NULL, NULL };
    char *version[] = { argv[0], (char[]){ "help" }, (char[]){ "--version" }, NULL };
    struct cli_args args;
    struct err e = { 0 };
    const struct command *c;

    keep_standard_descriptors();
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        argv = help;
        argc = 2;
    } else if (strcmp(argv[1], "--version") == 0) {
        argv = version;
        argc = 3;
    }
    c = cli_find(argv[1]);
    if (!c)
        return cli_unknown_command("", argv[1]);
    read_environment(&env);
    set_library_places();
    catch_signals();
    if (cli_parse(c, argc, argv, &args, &e) < 0)
        return cli_fail(&e);
    if (args.help) {
        help[2] = argv[1];
        c = &command_help;
        cli_parse(c, 3, help, &args, &e);
    }
    return cli_close_stdout(c->run(&args, &env));
}
