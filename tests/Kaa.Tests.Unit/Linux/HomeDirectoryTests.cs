using Kaa.Linux.Processes;

namespace Kaa.Tests.Unit.Linux;

public sealed class HomeDirectoryTests
{
    [Theory]
    [InlineData(0u, "/root")]
    [InlineData(1000u, "/home/ann")]
    [InlineData(7u, null)]
    [InlineData(8u, null)]
    public void The_home_of_a_user(uint uid, string? expected) =>
        HomeDirectory.Parse("root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbroken\nnone:x:8:8:::/bin/sh\n"u8, uid).ShouldBe(expected);
}
