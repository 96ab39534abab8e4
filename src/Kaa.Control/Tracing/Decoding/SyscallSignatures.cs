namespace Kaa.Control.Tracing.Decoding;

/// <summary>
/// The arguments of x86-64's system calls, a line each: name, then <c>argument:kind</c> in the order of the registers (man 2; names as the manual has them).
/// What the kinds mean is <see cref="ArgumentKind"/>. A call that is not here is shown with its six registers.
/// </summary>
internal static class SyscallSignatures
{
    public static ReadOnlySpan<byte> Text => """
        read fd:fd buf:bufout count:size
        write fd:fd buf:bufin2 count:size
        open pathname:path flags:open mode:creat
        close fd:fd
        stat pathname:path statbuf:statout
        fstat fd:fd statbuf:statout
        lstat pathname:path statbuf:statout
        poll fds:pollfds nfds:uint timeout:int
        lseek fd:fd offset:long whence:whence
        mmap addr:ptr length:size prot:prot flags:mmap fd:fd offset:hex
        mprotect addr:ptr len:size prot:prot
        munmap addr:ptr length:size
        brk addr:ptr
        rt_sigaction signum:sig act:ptr oldact:ptr sigsetsize:size
        rt_sigprocmask how:sighow set:ptr oldset:ptr sigsetsize:size
        rt_sigreturn
        ioctl fd:fd op:hex argp:ptr
        pread64 fd:fd buf:bufout count:size offset:long
        pwrite64 fd:fd buf:bufin2 count:size offset:long
        readv fd:fd iov:iovout2 iovcnt:int
        writev fd:fd iov:iovin2 iovcnt:int
        access pathname:path mode:access
        pipe pipefd:fdsout
        select nfds:int readfds:ptr writefds:ptr exceptfds:ptr timeout:timeval
        sched_yield
        mremap old_address:ptr old_size:size new_size:size flags:hex new_address:ptr
        msync addr:ptr length:size flags:hex
        mincore addr:ptr length:size vec:ptr
        madvise addr:ptr length:size advice:madvise
        shmget key:hex size:size shmflg:hex
        shmat shmid:int shmaddr:ptr shmflg:hex
        shmctl shmid:int op:int buf:ptr
        dup oldfd:fd
        dup2 oldfd:fd newfd:int
        pause
        nanosleep duration:timespec rem:ptr
        getitimer which:int curr_value:ptr
        alarm seconds:uint
        setitimer which:int new_value:ptr old_value:ptr
        getpid
        sendfile out_fd:fd in_fd:fd offset:ptr count:size
        socket domain:domain type:socktype protocol:int
        connect sockfd:fd addr:sockaddr2 addrlen:uint
        accept sockfd:fd addr:sockout2 addrlen:ptr
        sendto sockfd:fd buf:bufin2 len:size flags:msg dest_addr:sockaddr5 addrlen:uint
        recvfrom sockfd:fd buf:bufout len:size flags:msg src_addr:sockout5 addrlen:ptr
        sendmsg sockfd:fd msg:ptr flags:msg
        recvmsg sockfd:fd msg:ptr flags:msg
        shutdown sockfd:fd how:int
        bind sockfd:fd addr:sockaddr2 addrlen:uint
        listen sockfd:fd backlog:int
        getsockname sockfd:fd addr:sockout2 addrlen:ptr
        getpeername sockfd:fd addr:sockout2 addrlen:ptr
        socketpair domain:domain type:socktype protocol:int sv:fdsout
        setsockopt sockfd:fd level:int optname:int optval:ptr optlen:uint
        getsockopt sockfd:fd level:int optname:int optval:ptr optlen:ptr
        clone flags:clone stack:ptr parent_tid:ptr child_tid:ptr tls:ptr
        fork
        vfork
        execve pathname:path argv:argv envp:ptr
        exit status:int
        wait4 pid:int wstatus:waitout options:wait rusage:ptr
        kill pid:int sig:sig
        uname buf:ptr
        semget key:hex nsems:int semflg:hex
        semop semid:int sops:ptr nsops:size
        semctl semid:int semnum:int op:int arg:hex
        shmdt shmaddr:ptr
        msgget key:hex msgflg:hex
        msgsnd msqid:int msgp:ptr msgsz:size msgflg:hex
        msgrcv msqid:int msgp:ptr msgsz:size msgtyp:long msgflg:hex
        msgctl msqid:int op:int buf:ptr
        fcntl fd:fd op:fcntl arg:hex
        flock fd:fd op:flock
        fsync fd:fd
        fdatasync fd:fd
        truncate path:path length:long
        ftruncate fd:fd length:long
        getdents fd:fd dirp:ptr count:size
        getcwd buf:strout size:size
        chdir path:path
        fchdir fd:fd
        rename oldpath:path newpath:path
        mkdir pathname:path mode:mode
        rmdir pathname:path
        creat pathname:path mode:mode
        link oldpath:path newpath:path
        unlink pathname:path
        symlink target:path linkpath:path
        readlink pathname:path buf:bufout bufsiz:size
        chmod pathname:path mode:mode
        fchmod fd:fd mode:mode
        chown pathname:path owner:id group:id
        fchown fd:fd owner:id group:id
        lchown pathname:path owner:id group:id
        umask mask:mode
        gettimeofday tv:ptr tz:ptr
        getrlimit resource:rlimit rlim:ptr
        getrusage who:int usage:ptr
        sysinfo info:ptr
        times buf:ptr
        ptrace op:int pid:int addr:ptr data:ptr
        getuid
        syslog type:int bufp:ptr len:int
        getgid
        setuid uid:id
        setgid gid:id
        geteuid
        getegid
        setpgid pid:int pgid:int
        getppid
        getpgrp
        setsid
        setreuid ruid:id euid:id
        setregid rgid:id egid:id
        getgroups size:int list:ptr
        setgroups size:size list:ptr
        setresuid ruid:id euid:id suid:id
        getresuid ruid:ptr euid:ptr suid:ptr
        setresgid rgid:id egid:id sgid:id
        getresgid rgid:ptr egid:ptr sgid:ptr
        getpgid pid:int
        setfsuid fsuid:id
        setfsgid fsgid:id
        getsid pid:int
        capget hdrp:ptr datap:ptr
        capset hdrp:ptr datap:ptr
        rt_sigpending set:ptr sigsetsize:size
        rt_sigtimedwait set:ptr info:ptr timeout:timespec sigsetsize:size
        rt_sigqueueinfo tgid:int sig:sig info:ptr
        rt_sigsuspend mask:ptr sigsetsize:size
        sigaltstack ss:ptr old_ss:ptr
        utime filename:path times:ptr
        mknod pathname:path mode:mode dev:hex
        personality persona:hex
        statfs path:path buf:ptr
        fstatfs fd:fd buf:ptr
        getpriority which:int who:int
        setpriority which:int who:int prio:int
        sched_setparam pid:int param:ptr
        sched_getparam pid:int param:ptr
        sched_setscheduler pid:int policy:int param:ptr
        sched_getscheduler pid:int
        sched_get_priority_max policy:int
        sched_get_priority_min policy:int
        mlock addr:ptr len:size
        munlock addr:ptr len:size
        mlockall flags:hex
        munlockall
        pivot_root new_root:path put_old:path
        prctl op:int arg2:hex arg3:hex arg4:hex arg5:hex
        arch_prctl op:hex addr:ptr
        setrlimit resource:rlimit rlim:ptr
        chroot path:path
        sync
        mount source:path target:path filesystemtype:str mountflags:hex data:ptr
        umount2 target:path flags:hex
        sethostname name:str len:size
        gettid
        readahead fd:fd offset:long count:size
        setxattr path:path name:str value:bufin3 size:size flags:hex
        lsetxattr path:path name:str value:bufin3 size:size flags:hex
        fsetxattr fd:fd name:str value:bufin3 size:size flags:hex
        getxattr path:path name:str value:bufout size:size
        lgetxattr path:path name:str value:bufout size:size
        fgetxattr fd:fd name:str value:bufout size:size
        listxattr path:path list:bufout size:size
        llistxattr path:path list:bufout size:size
        flistxattr fd:fd list:bufout size:size
        removexattr path:path name:str
        lremovexattr path:path name:str
        fremovexattr fd:fd name:str
        tkill tid:int sig:sig
        time tloc:ptr
        futex uaddr:ptr futex_op:futex val:int timeout:ptr uaddr2:ptr val3:hex
        sched_setaffinity pid:int cpusetsize:size mask:ptr
        sched_getaffinity pid:int cpusetsize:size mask:ptr
        io_setup nr_events:uint ctx_idp:ptr
        io_destroy ctx_id:hex
        io_getevents ctx_id:hex min_nr:long nr:long events:ptr timeout:timespec
        io_submit ctx_id:hex nr:long iocbpp:ptr
        epoll_create size:int
        getdents64 fd:fd dirp:ptr count:size
        set_tid_address tidptr:ptr
        restart_syscall
        semtimedop semid:int sops:ptr nsops:size timeout:timespec
        fadvise64 fd:fd offset:long size:long advice:int
        timer_create clockid:clock sevp:ptr timerid:ptr
        timer_settime timerid:int flags:hex new_value:ptr old_value:ptr
        timer_gettime timerid:int curr_value:ptr
        timer_getoverrun timerid:int
        timer_delete timerid:int
        clock_settime clockid:clock tp:timespec
        clock_gettime clockid:clock tp:ptr
        clock_getres clockid:clock res:ptr
        clock_nanosleep clockid:clock flags:hex t:timespec remain:ptr
        exit_group status:int
        epoll_wait epfd:fd events:ptr maxevents:int timeout:int
        epoll_ctl epfd:fd op:epollop fd:fd event:ptr
        tgkill tgid:int tid:int sig:sig
        utimes filename:path times:ptr
        mbind addr:ptr len:size mode:int nodemask:ptr maxnode:size flags:hex
        mq_open name:str oflag:open mode:creat attr:ptr
        mq_unlink name:str
        mq_timedsend mqdes:fd msg_ptr:bufin2 msg_len:size msg_prio:uint abs_timeout:timespec
        mq_timedreceive mqdes:fd msg_ptr:bufout msg_len:size msg_prio:ptr abs_timeout:timespec
        waitid idtype:int id:int infop:ptr options:wait rusage:ptr
        inotify_init
        inotify_add_watch fd:fd pathname:path mask:hex
        inotify_rm_watch fd:fd wd:int
        openat dirfd:dirfd pathname:path flags:open mode:creat
        mkdirat dirfd:dirfd pathname:path mode:mode
        mknodat dirfd:dirfd pathname:path mode:mode dev:hex
        fchownat dirfd:dirfd pathname:path owner:id group:id flags:at
        futimesat dirfd:dirfd pathname:path times:ptr
        newfstatat dirfd:dirfd pathname:path statbuf:statout flags:at
        unlinkat dirfd:dirfd pathname:path flags:unlinkat
        renameat olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path
        linkat olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:at
        symlinkat target:path newdirfd:dirfd linkpath:path
        readlinkat dirfd:dirfd pathname:path buf:bufout bufsiz:size
        fchmodat dirfd:dirfd pathname:path mode:mode
        faccessat dirfd:dirfd pathname:path mode:access
        pselect6 nfds:int readfds:ptr writefds:ptr exceptfds:ptr timeout:timespec sigmask:ptr
        ppoll fds:pollfds nfds:uint tmo_p:timespec sigmask:ptr sigsetsize:size
        unshare flags:clone
        set_robust_list head:ptr len:size
        get_robust_list pid:int head_ptr:ptr sizep:ptr
        splice fd_in:fd off_in:ptr fd_out:fd off_out:ptr size:size flags:hex
        tee fd_in:fd fd_out:fd size:size flags:hex
        sync_file_range fd:fd offset:long nbytes:long flags:hex
        vmsplice fd:fd iov:iovin2 nr_segs:size flags:hex
        utimensat dirfd:dirfd pathname:path times:ptr flags:at
        epoll_pwait epfd:fd events:ptr maxevents:int timeout:int sigmask:ptr sigsetsize:size
        signalfd fd:int mask:ptr sizemask:size
        timerfd_create clockid:clock flags:hex
        eventfd initval:uint
        fallocate fd:fd mode:hex offset:long size:long
        timerfd_settime fd:fd flags:hex new_value:ptr old_value:ptr
        timerfd_gettime fd:fd curr_value:ptr
        accept4 sockfd:fd addr:sockout2 addrlen:ptr flags:socktype
        signalfd4 fd:int mask:ptr sizemask:size flags:hex
        eventfd2 initval:uint flags:open
        epoll_create1 flags:open
        dup3 oldfd:fd newfd:int flags:open
        pipe2 pipefd:fdsout flags:open
        inotify_init1 flags:open
        preadv fd:fd iov:iovout2 iovcnt:int offset:long
        pwritev fd:fd iov:iovin2 iovcnt:int offset:long
        rt_tgsigqueueinfo tgid:int tid:int sig:sig info:ptr
        perf_event_open attr:ptr pid:int cpu:int group_fd:int flags:hex
        recvmmsg sockfd:fd msgvec:ptr vlen:uint flags:msg timeout:timespec
        fanotify_init flags:hex event_f_flags:open
        fanotify_mark fanotify_fd:fd flags:hex mask:hex dirfd:dirfd pathname:path
        prlimit64 pid:int resource:rlimit new_limit:ptr old_limit:ptr
        name_to_handle_at dirfd:dirfd pathname:path handle:ptr mount_id:ptr flags:at
        open_by_handle_at mount_fd:fd handle:ptr flags:open
        clock_adjtime clk_id:clock buf:ptr
        syncfs fd:fd
        sendmmsg sockfd:fd msgvec:ptr vlen:uint flags:msg
        setns fd:fd nstype:clone
        getcpu cpu:ptr node:ptr
        process_vm_readv pid:int local_iov:ptr liovcnt:size remote_iov:ptr riovcnt:size flags:hex
        process_vm_writev pid:int local_iov:ptr liovcnt:size remote_iov:ptr riovcnt:size flags:hex
        kcmp pid1:int pid2:int type:int idx1:hex idx2:hex
        finit_module fd:fd param_values:str flags:hex
        sched_setattr pid:int attr:ptr flags:hex
        sched_getattr pid:int attr:ptr size:uint flags:hex
        renameat2 olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:hex
        seccomp operation:int flags:hex args:ptr
        getrandom buf:ptr buflen:size flags:hex
        memfd_create name:str flags:hex
        bpf cmd:int attr:ptr size:uint
        execveat dirfd:dirfd pathname:path argv:argv envp:ptr flags:at
        userfaultfd flags:hex
        membarrier cmd:int flags:hex cpu_id:int
        mlock2 addr:ptr len:size flags:hex
        copy_file_range fd_in:fd off_in:ptr fd_out:fd off_out:ptr size:size flags:hex
        preadv2 fd:fd iov:iovout2 iovcnt:int offset:long offset_high:long flags:hex
        pwritev2 fd:fd iov:iovin2 iovcnt:int offset:long offset_high:long flags:hex
        pkey_mprotect addr:ptr len:size prot:prot pkey:int
        statx dirfd:dirfd pathname:path flags:at mask:hex statxbuf:ptr
        io_pgetevents ctx_id:hex min_nr:long nr:long events:ptr timeout:timespec usig:ptr
        rseq rseq:ptr rseq_len:uint flags:hex sig:hex
        pidfd_send_signal pidfd:fd sig:sig info:ptr flags:hex
        io_uring_setup entries:uint p:ptr
        io_uring_enter fd:fd to_submit:uint min_complete:uint flags:hex sig:ptr
        io_uring_register fd:fd opcode:int arg:ptr nr_args:uint
        open_tree dirfd:dirfd filename:path flags:hex
        move_mount from_dirfd:dirfd from_pathname:path to_dirfd:dirfd to_pathname:path flags:hex
        pidfd_open pid:int flags:open
        clone3 cl_args:ptr size:size
        close_range first:uint last:uint flags:hex
        openat2 dirfd:dirfd pathname:path how:openhow size:size
        pidfd_getfd pidfd:fd targetfd:int flags:hex
        faccessat2 dirfd:dirfd pathname:path mode:access flags:at
        process_madvise pidfd:fd iovec:ptr vlen:size advice:madvise flags:hex
        epoll_pwait2 epfd:fd events:ptr maxevents:int timeout:timespec sigmask:ptr sigsetsize:size
        futex_waitv waiters:ptr nr_futexes:uint flags:hex timeout:timespec clockid:clock
        fchmodat2 dirfd:dirfd pathname:path mode:mode flags:at
        """u8;
}
