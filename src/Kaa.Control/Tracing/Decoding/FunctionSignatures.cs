namespace Kaa.Control.Tracing.Decoding;

/// <summary>
/// The arguments of functions of libc that a program's questions are about, in the form of <see cref="SyscallSignatures"/>. A function that bears the name of a
/// system call and takes the same arguments needs no line. Any other is shown with its registers.
/// </summary>
internal static class FunctionSignatures
{
    public static ReadOnlySpan<byte> Text => """
        open64 pathname:path flags:open mode:creat
        openat64 dirfd:dirfd pathname:path flags:open mode:creat
        fopen pathname:path mode:str
        fopen64 pathname:path mode:str
        freopen pathname:path mode:str stream:ptr
        fdopen fd:fd mode:str
        fclose stream:ptr
        opendir name:path
        fdopendir fd:fd
        readdir dirp:ptr
        readdir64 dirp:ptr
        closedir dirp:ptr
        scandir dirp:path namelist:ptr filter:ptr compar:ptr
        stat64 pathname:path statbuf:ptr
        lstat64 pathname:path statbuf:ptr
        fstat64 fd:fd statbuf:ptr
        fstatat dirfd:dirfd pathname:path statbuf:ptr flags:at
        fstatat64 dirfd:dirfd pathname:path statbuf:ptr flags:at
        remove pathname:path
        realpath path:path resolved_path:ptr
        mkdtemp template:path
        mkstemp template:path
        mkstemp64 template:path
        mkfifo pathname:path mode:mode
        pread fd:fd buf:ptr count:size offset:long
        pwrite fd:fd buf:bufin2 count:size offset:long
        send sockfd:fd buf:bufin2 len:size flags:msg
        recv sockfd:fd buf:ptr len:size flags:msg
        read fd:fd buf:ptr count:size
        recvfrom sockfd:fd buf:ptr len:size flags:msg src_addr:ptr addrlen:ptr
        fwrite ptr:ptr size:size nmemb:size stream:ptr
        fread ptr:ptr size:size nmemb:size stream:ptr
        fputs s:str stream:ptr
        puts s:str
        perror s:str
        getenv name:str
        secure_getenv name:str
        setenv name:str value:str overwrite:int
        unsetenv name:str
        putenv string:str
        system command:str
        popen command:str type:str
        execv pathname:path argv:argv
        execvp file:path argv:argv
        posix_spawn pid:ptr path:path file_actions:ptr attrp:ptr argv:argv envp:ptr
        posix_spawnp pid:ptr file:path file_actions:ptr attrp:ptr argv:argv envp:ptr
        waitpid pid:int wstatus:ptr options:wait
        sleep seconds:uint
        usleep usec:uint
        raise sig:sig
        abort
        dlopen filename:path flags:hex
        dlsym handle:ptr symbol:str
        dlclose handle:ptr
        getaddrinfo node:str service:str hints:ptr res:ptr
        gethostbyname name:str
        malloc size:size
        calloc nmemb:size size:size
        realloc ptr:ptr size:size
        free ptr:ptr
        memalign alignment:size size:size
        aligned_alloc alignment:size size:size
        posix_memalign memptr:ptr alignment:size size:size
        strlen s:str
        strdup s:str
        strcmp s1:str s2:str
        strncmp s1:str s2:str n:size
        strcasecmp s1:str s2:str
        strstr haystack:str needle:str
        strchr s:str c:int
        strcpy dst:ptr src:str
        strncpy dst:ptr src:str n:size
        memcpy dest:ptr src:ptr n:size
        memmove dest:ptr src:ptr n:size
        memset s:ptr c:int n:size
        memcmp s1:ptr s2:ptr n:size
        pthread_create thread:ptr attr:ptr start_routine:ptr arg:ptr
        pthread_join thread:hex retval:ptr
        pthread_mutex_lock mutex:ptr
        pthread_mutex_unlock mutex:ptr
        pthread_cond_wait cond:ptr mutex:ptr
        pthread_cond_timedwait cond:ptr mutex:ptr abstime:timespec
        pthread_cond_signal cond:ptr
        sem_wait sem:ptr
        sem_post sem:ptr
        setlocale category:int locale:str
        exit status:int
        _exit status:int
        fork
        vfork
        clock_gettime clockid:clock tp:ptr
        PyErr_SetString type:ptr message:str
        PyImport_ImportModule name:str
        PyObject_GetAttrString o:ptr attr_name:str
        PyGILState_Ensure
        PyEval_SaveThread
        PyEval_RestoreThread tstate:ptr
        """u8;
}
